"""Runs of words as salted hashes: which runs identify a text, and which are a template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.core.sketches.words import Words, mixed, split, windows

SHORTER = 6
"""Words per run for texts that are shorter than a full run."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+){2,}")
"""A name that can only mean the item: at least three parts."""
_NEARLY_ALL = 0.9
"""Share of the items of training that have a run where it is a template, however few they are."""
_KEPT = 512
"""Runs kept per text: all of a text of up to 524 words. Of a longer one those with the
smallest hashes before they are salted, so that every dataset keeps the same."""
_BITMAP_BITS = (21, 27)
"""Least and most bits of the hashes that a bitmap knows; it is a byte for each, so up to 128 MB."""
_SPARSE = 16
"""Places of a bitmap for each run, so that it rules out most runs of a row."""


class ProtectedText(NamedTuple):
    """One text of an item or a suite.

    Args:
        of: name of the item, or of the suite with its line.
        kind: `question`, `answer`, `title` or `name` of a work item; `text` of a suite.
    """

    of: str
    text: str
    kind: str = "text"


@dataclass(frozen=True)
class RunIndex:
    """All protected runs of one length.

    Args:
        hashes: sorted, uint64 (r,).
        texts: the text that each is of, int32 (r,).
        bitmap: which hashes may be among them, by their first n bits, bool (2^n,); it rules
            out most runs of a row before the exact search.
    """

    hashes: np.ndarray
    texts: np.ndarray
    bitmap: np.ndarray


def distinctive(
    known: Sequence[ProtectedText],
    beside: Sequence[ProtectedText],
    stock: Sequence[str],
    config: ContaminationConfig,
    salt: np.uint64,
) -> Iterator[tuple[int, int, np.ndarray, int]]:
    """Yield index, run length, salted hashes and required matches of each distinctive text.

    Which runs these are hangs on the texts alone: the salt is a dataset's name, and no row
    may be contaminated under one name and clean under another.
    """
    said = [*known, *beside]
    texts, owners = [one.text for one in said], [one.of for one in said]
    words, common_words = split(texts), split(stock)
    lengths = _run_lengths(words.counts, texts, config.words)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(owners))}
    of = np.array([numbers[name] for name in owners], np.int64)
    ends = np.cumsum(words.counts)
    for length in sorted(set(lengths[: len(known)].tolist()) - {0}):
        places = np.flatnonzero(lengths == length)
        some = np.concatenate(
            [words.hashes[ends[at] - words.counts[at] : ends[at]] for at in places]
        )
        unsalted, rows = _whole_runs(Words(some, words.counts[places]), length)
        hashes = mixed(unsalted)
        template = _Template(
            hashes,
            of[places][rows],
            places[rows] >= len(known),
            mixed(_whole_runs(common_words, length)[0]) if stock else np.zeros(0, np.uint64),
            config.common,
            len({one.of for one in beside}),
        )
        ends_of = np.searchsorted(rows, np.arange(len(places)), "right")
        for row, at in enumerate(places.tolist()):
            if at >= len(known):
                break
            first = ends_of[row - 1] if row else 0
            own, where = np.unique(hashes[first : ends_of[row]], return_index=True)
            rare = where[~np.isin(own, template.of(known[at].kind))][:_KEPT]
            if len(rare):
                share = config.share if length == config.words else 1.0
                salted = np.sort(mixed(unsalted[first + rare] ^ salt))
                yield at, length, salted, max(1, int(np.ceil(share * len(rare))))


class _Template:
    """Runs of words that are a template, and so do not identify a text.

    Words of a question are a template only where items of training ask with
    them too: that many held-out items share them is no reason to train on them.

    Args:
        hashes: runs of all texts, uint64 (r,).
        owners: index of the item of each, int64 (r,).
        training: whether that is an item that is not protected, bool (r,).
        stock: runs of what is said to everyone, uint64 (s,).
        common: items that may share a run.
        there: items of training that were looked at.
    """

    def __init__(self, hashes, owners, training, stock, common: int, there: int) -> None:
        values, spread = _count_items(hashes, owners)
        trained, times = _count_items(hashes[training], owners[training])
        nearly_all = max(int(np.ceil(_NEARLY_ALL * there)), 2)
        often = min(common, nearly_all - 1) if there > 1 else common
        several = trained[times > 1]
        many = values[spread > common]
        self._text = many
        self._question = trained[times > often]
        self._other = np.union1d(np.intersect1d(many, several), self._question)
        self._answer = np.union1d(self._other, stock)

    def of(self, kind: str) -> np.ndarray:
        """Return the template runs for texts of a kind, sorted."""
        kinds = {"text": self._text, "question": self._question, "answer": self._answer}
        return kinds.get(kind, self._other)


def _count_items(hashes: np.ndarray, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct runs, and the number of items with each."""
    items = np.unique(np.stack([hashes, owners.astype(np.uint64)]), axis=1)
    return np.unique(items[0], return_counts=True)


def _run_lengths(counts: np.ndarray, texts: Sequence[str], words: int) -> np.ndarray:
    """Return the run length for each text; 0 for a text that is not distinctive."""
    lengths = np.zeros(len(texts), np.int64)
    lengths[counts >= min(SHORTER, words)] = min(SHORTER, words)
    lengths[counts >= words] = words
    for at, text in enumerate(texts):
        if counts[at] == 1 and _NAME.fullmatch(text):
            lengths[at] = 1
    return lengths


def runs_of(
    words: Words, length: int, salt: np.uint64, bitmap: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the salted hashes of the runs that a bitmap may hold, and the text of each."""
    hashes = mixed(windows(words.hashes, length) ^ salt)
    places = np.flatnonzero(bitmap[_first_bits(hashes, len(bitmap))])
    whole, rows = _within(words, length, places)
    return hashes[places[whole]], rows


def _whole_runs(words: Words, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the value of every run before it is salted and mixed, and the text of each."""
    values = windows(words.hashes, length)
    whole, rows = _within(words, length, np.arange(len(values)))
    return values[whole], rows


def _within(words: Words, length: int, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the runs that begin at places lie within one text, and the text of these."""
    ends = np.cumsum(words.counts)
    rows = np.searchsorted(ends, places, "right")
    whole = places + length <= ends[rows]
    return whole, rows[whole]


def indexed(texts: Sequence[tuple[int, np.ndarray]]) -> RunIndex:
    """Return the index of runs, given the number of each text and the hashes of its runs."""
    hashes = np.concatenate([np.zeros(0, np.uint64), *(found for _, found in texts)])
    owners = np.repeat(
        np.array([at for at, _ in texts], np.int32), [len(found) for _, found in texts]
    )
    order = np.argsort(hashes, kind="stable")
    least, most = _BITMAP_BITS
    bitmap = np.zeros(1 << min(max((_SPARSE * len(hashes)).bit_length(), least), most), bool)
    bitmap[_first_bits(hashes, len(bitmap))] = True
    return RunIndex(hashes[order], owners[order], bitmap)


def _first_bits(hashes: np.ndarray, places: int) -> np.ndarray:
    return hashes >> np.uint64(65 - places.bit_length())


def salt_number(salt: str) -> np.uint64:
    """Return the number that a salt adds to each hash of a run."""
    return np.uint64(int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "big"))
