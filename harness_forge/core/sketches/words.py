"""Texts as hashed words: 64 bits per word, the same in every process.

Everything is done on the bytes of a whole batch at once. A word's hash is a
polynomial over its bytes, read off one running sum (Karp and Rabin, 1987), so
no string is ever cut out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

_PIECE = 1 << 17
"""Bytes of a text hashed at a time: what is longer is cut there."""
_TOGETHER = 1 << 15
"""Bytes of texts hashed at a time: eight arrays of as many words stay in the processor's cache."""
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33))
_SPACE = b" \t\n\r\v\f\0"


class Words(NamedTuple):
    """The words of a batch of texts, one after the other.

    Args:
        hashes: of each word, uint64 (w,).
        counts: words of each text, at least one, int64 (n,).
    """

    hashes: np.ndarray
    counts: np.ndarray


def split(texts: Sequence[str], *, punctuated: bool = False) -> Words:
    """Return the hashed words of each text.

    A word is a run of letters, digits and underscores in lower case; of a
    script written without spaces, each character is one. What precedes the
    first word counts as one, so that no text is without words.

    Args:
        punctuated: the punctuation after a word is part of it: in code `>` and
            `>>` are different answers.
    """
    raw = [text.encode("utf-8", "surrogatepass") or b" " for text in texts]
    hashes, counts = [np.zeros(0, np.uint64)], np.zeros(len(raw), np.int64)
    for first, blob, lengths in _pieces(raw):
        found, of_each = _hash(blob, lengths, punctuated)
        hashes.append(found)
        counts[first : first + len(lengths)] += of_each
    return Words(np.concatenate(hashes), counts)


def runs(words: np.ndarray, counts: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the hash of every run of `length` words, and its text.

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


def windows(words: np.ndarray, length: int) -> np.ndarray:
    """Return a hash of every `length` consecutive words, across texts, uint64 (w - length + 1,).

    It is not scattered, and a window may lie across two texts: for looking up
    very many of which very few are of interest.
    """
    count = max(len(words) - length + 1, 0)
    powers, inverses = _powers(len(words))
    sums = np.zeros(len(words) + 1, np.uint64)
    np.cumsum(words * powers, out=sums[1:])
    return (sums[length:] - sums[:count]) * inverses[:count] if count else sums[:0]


def mixed(values: np.ndarray) -> np.ndarray:
    """Return values mixed over all 64 bits (the finaliser of MurmurHash3)."""
    first, second, shift = _MIX
    values = (values ^ (values >> shift)) * first
    values = (values ^ (values >> shift)) * second
    return values ^ (values >> shift)


def _pieces(raw: Sequence[bytes]) -> Iterator[tuple[int, bytes, np.ndarray]]:
    """Yield texts in pieces of bounded size; a text may span several."""
    first, held, size = 0, [], 0
    for place, text in enumerate(raw):
        for at in range(0, len(text), _PIECE):
            part = text[at : at + _PIECE]
            if held and (at or size + len(part) > _TOGETHER):
                yield first, b"".join(held), np.array([len(one) for one in held])
                held, size = [], 0
            if not held:
                first = place
            held.append(part)
            size += len(part)
    if held:
        yield first, b"".join(held), np.array([len(one) for one in held])


def _hash(blob: bytes, lengths: np.ndarray, punctuated: bool) -> tuple[np.ndarray, np.ndarray]:
    kinds = np.frombuffer(blob.translate(_KINDS), np.uint8)
    letter = kinds > 0
    begins = np.zeros(len(blob) + 1, bool)
    begins[1:-1] = letter[1:] & ~letter[:-1]
    begins[:-1] |= kinds == 2
    offsets = np.cumsum(lengths) - lengths
    begins[offsets] = True
    begins[-1] = True
    edges = np.flatnonzero(begins)
    starts, stops = edges[:-1], edges[1:]
    counts = np.diff(np.append(np.searchsorted(starts, offsets), len(starts)))
    if not punctuated:
        # A word stops at its last letter, before any punctuation and space.
        lasts = np.flatnonzero(letter & (begins[1:] | ~np.append(letter[1:], False))) + 1
        stops = stops.copy()
        stops[letter[starts]] = lasts
    powers, inverses = _powers(len(blob))
    sums = np.zeros(len(blob) + 1, np.uint64)
    values = np.frombuffer(blob.translate(_VALUES), np.uint8)
    np.cumsum(values * powers, out=sums[1:])
    return mixed((sums[stops] - sums[starts]) * inverses[starts]), counts


def fixed(seed: int, count: int) -> np.ndarray:
    """Return pseudo-random numbers that are the same in every version of NumPy, uint64."""
    return np.random.PCG64(seed).random_raw(count)


def _kinds() -> bytes:
    """Return for each byte: 0 outside words, 1 in a word, 2 starts a single-character word."""
    kinds = bytearray(256)
    for byte in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_":
        kinds[byte] = 1
    kinds[0x80:0xE0] = bytes([1]) * 0x60  # Latin with accents, Greek, Cyrillic, Hebrew, Arabic
    kinds[0xE0:] = bytes([2]) * 0x20  # the first byte of characters of three and four bytes
    return bytes(kinds)


def _values() -> bytes:
    """Return for each byte its value in a hash: equal for both cases, 0 for space."""
    values = bytearray(bytes(range(256)).lower())
    for byte in _SPACE:
        values[byte] = 0
    return bytes(values)


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
