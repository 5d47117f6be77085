"""Protected texts as hashes of runs of words, and the search for them.

The hashes are salted and can be written beside a dataset: whoever has it can
prove that no protected text is in it, and cannot read one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness_forge.filters.contamination.config import ContaminationConfig
from harness_forge.sketches import Words, split
from harness_forge.sketches.words import mixed, windows

SHORTER = 6
"""Words in a run of texts that are shorter than a run of full length."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+){2,}")
"""A name that means nothing but the item: three parts at least."""
_LEADING = re.compile(r"^\W+")
_KEPT = 64
"""Runs kept of a text, those of least hash: a sample that is the same everywhere."""
_CHUNK = 1 << 16
"""Characters looked through at a time."""
_SIEVE = 20
"""Bits of the first look-up: most runs of a row are found to be no protected one by it."""


@dataclass(frozen=True)
class _Length:
    """All protected runs of one length.

    Args:
        hashes: sorted, uint64 (r,).
        texts: the text that each is of, int64 (r,).
        sieve: which hashes may be among them, bool (2^20,).
    """

    hashes: np.ndarray
    texts: np.ndarray
    sieve: np.ndarray


class Protected:
    """What no row may hold.

    Args:
        salt: mixed into every hash.
        texts: for each text: whose it is (a salted hash), words in a run,
            hashes of its runs, and how many of them make a row hold it.
    """

    def __init__(self, salt: str, texts: Sequence[tuple[str, int, Sequence[int], int]]) -> None:
        self.salt = salt
        self._texts = list(texts)
        self._needed = np.array([needed for *_, needed in texts], np.int64)
        self._salt = _number(salt)
        self._lengths = {
            length: _length([(at, text[2]) for at, text in enumerate(texts) if text[1] == length])
            for length in sorted({text[1] for text in texts})
        }

    @classmethod
    def of(
        cls,
        texts: Iterable[tuple[str, str]],
        config: ContaminationConfig,
        salt: str,
        others: Iterable[tuple[str, str]] = (),
    ) -> Protected:
        """Return what protects texts.

        Args:
            texts: name of the item or suite that a text is of, and the text.
            others: the same of items that are not protected; they only show
                which runs of words are a template.
        """
        known = dict.fromkeys((name, _LEADING.sub("", text)) for name, text in texts)
        count = len(known)
        beside = dict.fromkeys((name, _LEADING.sub("", text)) for name, text in others)
        owners, words = zip(*known, *beside, strict=True) if known or beside else ((), ())
        # Items of one title are not rare: a title that others have tells nothing.
        shared = {text for _, text in beside}
        hashed = (
            one
            for one in _hashed(words, owners, config, _number(salt))
            if one[0] < count and (one[1] == config.words or words[one[0]] not in shared)
        )
        made = [
            (digest(salt, owners[at]), length, found, needed)
            for at, length, found, needed in hashed
        ]
        return cls(salt, made)

    @classmethod
    def load(cls, salt: str, records: Iterable[Mapping[str, Any]]) -> Protected:
        """Return what `records` of another one were written from."""
        return cls(
            salt,
            [
                (one["of"], one["words"], [int(run, 16) for run in one["runs"]], one["needed"])
                for one in records
            ],
        )

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield a text each as plain values: hashes, nothing that can be read."""
        for owner, length, found, needed in self._texts:
            shown = [f"{run:016x}" for run in found]
            yield {"of": owner, "words": length, "needed": needed, "runs": shown}

    def __len__(self) -> int:
        return len(self._texts)

    def names(self) -> set[str]:
        """Return whose texts are protected, as salted hashes."""
        return {owner for owner, *_ in self._texts}

    def found_in(self, texts: Sequence[str]) -> list[str | None]:
        """Return for each text the owner of a protected text that it holds."""
        held: list[str | None] = []
        for first, last in _chunks(texts):
            held += self._found(split(texts[first:last]))
        return held

    def _found(self, words: Words) -> list[str | None]:
        held: list[str | None] = [None] * len(words.counts)
        for length, known in self._lengths.items():
            for row, text in self._held(words, length, known):
                held[row] = self._texts[text][0]
        return held

    def _held(self, words: Words, length: int, known: _Length) -> Iterator[tuple[int, int]]:
        hashes, rows = _runs(words, length, self._salt, known.sieve)
        first = np.searchsorted(known.hashes, hashes, "left")
        times = np.searchsorted(known.hashes, hashes, "right") - first
        if not times.any():
            return
        heads = np.cumsum(times) - times
        at = np.arange(times.sum()) - np.repeat(heads - first, times)
        size = len(known.hashes)
        found = np.unique(np.repeat(rows, times) * size + at)  # a run counts once a row
        rows, texts = found // size, known.texts[found % size]
        pairs, counts = np.unique(rows * len(self._texts) + texts, return_counts=True)
        rows, texts = pairs // len(self._texts), pairs % len(self._texts)
        enough = counts >= self._needed[texts]
        yield from zip(rows[enough].tolist(), texts[enough].tolist(), strict=True)


def digest(salt: str, name: str) -> str:
    """Return a salted hash of a name, 32 hex digits."""
    return hashlib.blake2b(name.encode(), key=salt.encode()[:64], digest_size=16).hexdigest()


def _hashed(
    texts: Sequence[str], owners: Sequence[str], config: ContaminationConfig, salt: np.uint64
) -> Iterator[tuple[int, int, list[int], int]]:
    """Yield place, words in a run, hashes and how many are needed, of texts that can be told."""
    words = split(texts)
    lengths = _fitting(words.counts, texts, config.words)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(owners))}
    of = np.array([numbers[name] for name in owners], np.int64)
    ends = np.cumsum(words.counts)
    for length in sorted(set(lengths.tolist()) - {0}):
        places = np.flatnonzero(lengths == length)
        some = np.concatenate(
            [words.hashes[ends[at] - words.counts[at] : ends[at]] for at in places]
        )
        hashes, rows = _runs(Words(some, words.counts[places]), length, salt)
        items = np.unique(np.stack([hashes, of[places][rows].astype(np.uint64)]), axis=1)
        values, spread = np.unique(items[0], return_counts=True)
        common = values[spread > config.common]
        ends_of = np.searchsorted(rows, np.arange(len(places)), "right")
        for row, at in enumerate(places.tolist()):
            own = np.unique(hashes[ends_of[row - 1] if row else 0 : ends_of[row]])
            rare = own[~np.isin(own, common)][:_KEPT]
            if len(rare):
                share = config.share if length == config.words else 1.0
                yield at, length, rare.tolist(), max(1, int(np.ceil(share * len(rare))))


def _fitting(counts: np.ndarray, texts: Sequence[str], words: int) -> np.ndarray:
    """Return how many words a run of each text has; 0 for a text that cannot be told."""
    lengths = np.zeros(len(texts), np.int64)
    lengths[counts >= min(SHORTER, words)] = min(SHORTER, words)
    lengths[counts >= words] = words
    for at, text in enumerate(texts):
        if counts[at] == 1 and _NAME.fullmatch(text):
            lengths[at] = 1
    return lengths


def _runs(
    words: Words, length: int, salt: np.uint64, sieve: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return hashes of runs within one text, and which text; with a sieve, those it holds."""
    hashes = mixed(windows(words.hashes, length) ^ salt)
    ends = np.cumsum(words.counts)
    if sieve is None:
        places = np.arange(len(hashes))
    else:
        places = np.flatnonzero(sieve[hashes >> np.uint64(64 - _SIEVE)])
    rows = np.searchsorted(ends, places, "right")
    whole = places + length <= ends[rows]
    return hashes[places[whole]], rows[whole]


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts that fit the processor's cache together."""
    first = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK:
            yield first, at + 1
            first, size = at + 1, 0
    if first < len(texts):
        yield first, len(texts)


def _length(texts: Sequence[tuple[int, Sequence[int]]]) -> _Length:
    hashes = np.array([run for _, found in texts for run in found], np.uint64)
    owners = np.array([at for at, found in texts for _ in found], np.int64)
    order = np.argsort(hashes, kind="stable")
    sieve = np.zeros(1 << _SIEVE, bool)
    sieve[hashes >> np.uint64(64 - _SIEVE)] = True
    return _Length(hashes[order], owners[order], sieve)


def _number(salt: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "big"))
