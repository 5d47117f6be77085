"""Texts as hashed words: the same 64 bits for the same word, in every process.

Everything is done on the bytes of a whole batch at once. A word's hash is a
polynomial over its bytes, read off one running sum (Karp and Rabin, 1987), so
no string is ever cut out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

_PIECE = 1 << 17
"""Bytes hashed at a time: arrays of this many words stay in the processor's cache."""
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33))
_SPACE = b" \t\n\r\v\f\0"


class Words(NamedTuple):
    """The words of a batch of texts, one after the other.

    Args:
        marked: hash of each word with the punctuation after it, uint64 (w,):
            in code `>` and `>>` are different answers.
        plain: hash of each word alone, lower case, uint64 (w,).
        counts: words of each text, at least one, int64 (n,).
    """

    marked: np.ndarray
    plain: np.ndarray
    counts: np.ndarray


def split(texts: Sequence[str]) -> Words:
    """Return the hashed words of each text.

    A word is a run of letters, digits and underscores in lower case; of a
    script written without spaces, each character is one. What precedes the
    first word counts as one, so that no text is without words.
    """
    raw = [text.encode("utf-8", "surrogatepass") or b" " for text in texts]
    marked, plain, counts = [], [], np.zeros(len(raw), np.int64)
    for first, blob, lengths in _pieces(raw):
        of_marked, of_plain, of_counts = _hash(blob, lengths)
        marked.append(of_marked)
        plain.append(of_plain)
        counts[first : first + len(lengths)] += of_counts
    empty = np.zeros(0, np.uint64)
    return Words(np.concatenate([empty, *marked]), np.concatenate([empty, *plain]), counts)


def runs(words: np.ndarray, counts: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the hash of every run of `length` words, and whose it is.

    A text of fewer words has one run: all of it.

    Args:
        words: hashes, uint64 (w,).
        counts: words of each text, int64 (n,).

    Returns:
        Hashes, uint64 (r,), and the place of the text, int64 (r,), ascending.
    """
    ends = np.cumsum(counts)
    each = np.maximum(counts - length, 0) + 1
    owners = np.repeat(np.arange(len(counts)), each)
    heads = np.cumsum(each) - each
    starts = np.arange(each.sum()) + (ends - counts - heads)[owners]
    stops = np.minimum(starts + length, ends[owners])
    powers, inverses = _powers(len(words))
    sums = np.zeros(len(words) + 1, np.uint64)
    np.cumsum(words * powers, out=sums[1:])
    return mixed((sums[stops] - sums[starts]) * inverses[starts]), owners


def mixed(values: np.ndarray) -> np.ndarray:
    """Return values scattered over all 64 bits (the finaliser of MurmurHash3)."""
    first, second, shift = _MIX
    values = (values ^ (values >> shift)) * first
    values = (values ^ (values >> shift)) * second
    return values ^ (values >> shift)


def _pieces(raw: Sequence[bytes]) -> Iterator[tuple[int, bytes, np.ndarray]]:
    """Yield texts in pieces of a bounded size; one text may be in several."""
    first, held, size = 0, [], 0
    for place, text in enumerate(raw):
        for at in range(0, len(text), _PIECE):
            part = text[at : at + _PIECE]
            if held and (at or size + len(part) > _PIECE):
                yield first, b"".join(held), np.array([len(one) for one in held])
                held, size = [], 0
            if not held:
                first = place
            held.append(part)
            size += len(part)
    if held:
        yield first, b"".join(held), np.array([len(one) for one in held])


def _hash(blob: bytes, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = np.frombuffer(blob, np.uint8)
    kinds = _KINDS[data]
    letter = kinds > 0
    begins = np.zeros(len(data) + 1, bool)
    begins[1:-1] = letter[1:] & ~letter[:-1]
    begins[:-1] |= kinds == 2
    offsets = np.cumsum(lengths) - lengths
    begins[offsets] = True
    begins[-1] = True
    edges = np.flatnonzero(begins)
    starts, ends = edges[:-1], edges[1:]
    powers, inverses = _powers(len(data))
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum(_VALUES[data] * powers, out=sums[1:])
    # Where a word stops: its last letter, before any punctuation and space.
    stops = np.flatnonzero(letter & (begins[1:] | ~np.append(letter[1:], False))) + 1
    lasts = ends.copy()
    worded = letter[starts]
    lasts[worded] = stops
    back = inverses[starts]
    marked = mixed((sums[ends] - sums[starts]) * back)
    plain = mixed((sums[lasts] - sums[starts]) * back)
    counts = np.diff(np.append(np.searchsorted(starts, offsets), len(starts)))
    return marked, plain, counts


def fixed(seed: int, count: int) -> np.ndarray:
    """Return numbers that look random and are the same in every version of NumPy, uint64."""
    return np.random.PCG64(seed).random_raw(count)


def _kinds() -> np.ndarray:
    """Return for each byte: 0 none of a word, 1 of a word, 2 begins one of a single character."""
    kinds = np.zeros(256, np.uint8)
    for byte in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_":
        kinds[byte] = 1
    kinds[0x80:0xE0] = 1  # Latin with accents, Greek, Cyrillic, Hebrew, Arabic
    kinds[0xE0:] = 2  # the first byte of characters of three and four bytes
    return kinds


def _values() -> np.ndarray:
    """Return a number for each byte, the same for both cases of a letter, 0 for space."""
    values = fixed(1997, 256)
    for upper in range(ord("A"), ord("Z") + 1):
        values[upper] = values[upper + 32]
    values[list(_SPACE)] = 0
    return values


def _powers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first powers of the base and of its inverse modulo 2^64, uint64 (count,)."""
    have = len(_TABLES[0])
    if have < count:
        _TABLES[:] = [_progression(factor, max(count, 2 * have)) for factor in (_BASE, _INVERSE)]
    return _TABLES[0][:count], _TABLES[1][:count]


def _progression(factor: int, count: int) -> np.ndarray:
    powers = np.full(count, factor, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)


_KINDS, _VALUES = _kinds(), _values()
_TABLES = [_progression(factor, _PIECE) for factor in (_BASE, _INVERSE)]
