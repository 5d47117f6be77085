"""Holds protected texts as hashes of word n-grams, and searches rows for them.

The hashes are salted and can be written beside a dataset: anyone who has it can
prove that no protected text is in it, and cannot read one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.core.sketches.openings import first_question, opening, plain
from harness_forge.core.sketches.words import Words, split
from harness_forge.datasets.decontamination.runs import (
    ProtectedText,
    RunIndex,
    distinctive,
    indexed,
    runs_of,
    salt_number,
)

_LEADING = re.compile(r"^\W+")
_NO_RUNS = np.zeros(0, np.uint64)
_CHUNK = 1 << 16
"""Characters searched at a time."""


class Overlap(NamedTuple):
    """The protected text that a row contains.

    Args:
        of: the owner, as `ProtectedText.of`; a salted hash if only hashes are known.
        kind: which of its texts; `opening` if the row opens with its question.
    """

    of: str
    kind: str


class ProtectedQuestion(NamedTuple):
    """An item with a question that no row may open with.

    Args:
        of: the item.
        strict: 2 for an item that is held out, 1 for one that validates: then
            only rows of training must not.
    """

    of: str
    strict: int


class ProtectedTexts:
    """The texts that no row may contain.

    Args:
        texts: for each text: its owner (a salted hash), words in a run, hashes
            of its runs (sorted, uint64), and how many of them make a match.
        overlaps: the readable owner and kind of each text.
        openings: salted hash of an item's question to its owner.
    """

    def __init__(
        self,
        salt: str,
        texts: Sequence[tuple[str, int, np.ndarray, int]],
        overlaps: Sequence[Overlap] = (),
        openings: Mapping[str, ProtectedQuestion] | None = None,
    ) -> None:
        self.salt = salt
        self._overlaps = list(overlaps) or [Overlap(owner, "text") for owner, *_ in texts]
        self._openings = dict(openings or {})
        self._texts = list(texts)
        self._needed = np.array([needed for *_, needed in texts], np.int64)
        self._salt = salt_number(salt)
        self._lengths = {
            length: indexed([(at, text[2]) for at, text in enumerate(texts) if text[1] == length])
            for length in sorted({text[1] for text in texts})
        }

    def __getstate__(self) -> dict[str, Any]:
        # A process that searches rows writes no records: it needs the runs once, in the index.
        bare = [(*text[:2], _NO_RUNS, text[3]) for text in self._texts]
        return {**self.__dict__, "_texts": bare}

    @classmethod
    def of(
        cls,
        texts: Iterable[tuple[str, ...]],
        config: ContaminationConfig,
        salt: str,
        others: Iterable[tuple[str, ...]] = (),
        *,
        stock: Iterable[str] = (),
        openings: Mapping[str, ProtectedQuestion] | None = None,
    ) -> ProtectedTexts:
        """Build the protected texts.

        Args:
            texts: fields of `ProtectedText`.
            others: the same of items that are not protected; they only show
                which runs of words are a template.
            stock: what is said or returned to everyone, such as instructions
                and results of tools: no answer is known by it.
            openings: owners of the questions that no row may open with, by `question_digest`.
        """
        known = list(
            dict.fromkeys(
                ProtectedText(*one)._replace(text=_without_leading_signs(one[1])) for one in texts
            )
        )
        beside = list(
            dict.fromkeys(
                ProtectedText(*one)._replace(text=_without_leading_signs(one[1])) for one in others
            )
        )
        # Items of one title are not rare: a title that others have tells nothing.
        shared = {said.text for said in beside}
        hashed = (
            one
            for one in distinctive(known, beside, list(stock), config, salt_number(salt))
            if one[1] == config.words
            or known[one[0]].kind == "question"
            or known[one[0]].text not in shared
        )
        made, overlaps = [], []
        for at, length, found, needed in hashed:
            made.append((digest(salt, known[at].of), length, found, needed))
            overlaps.append(Overlap(known[at].of, known[at].kind))
        return cls(salt, made, overlaps, openings)

    @classmethod
    def load(cls, salt: str, records: Iterable[Mapping[str, Any]]) -> ProtectedTexts:
        """Rebuild protected texts from their `records`."""
        records = list(records)
        return cls(
            salt,
            [
                (one["of"], one["words"], _numbers(one["runs"]), one["needed"])
                for one in records
                if one["words"]
            ],
            openings={
                one["opening"]: ProtectedQuestion(one["of"], 2)
                for one in records
                if "opening" in one
            },
        )

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield one record per text; it holds hashes and no readable text."""
        for owner, length, found, needed in self._texts:
            shown = [f"{run:016x}" for run in found.tolist()]
            yield {"of": owner, "words": length, "needed": needed, "runs": shown}
        for mark, one in sorted(self._openings.items()):
            if one.strict > 1:
                owner = digest(self.salt, one.of)
                yield {"of": owner, "words": 0, "needed": 0, "runs": [], "opening": mark}

    def __len__(self) -> int:
        return len(self._texts)

    def __bool__(self) -> bool:
        return bool(self._texts or self._openings)

    def names(self) -> set[str]:
        """Return the owners of the protected texts, as salted hashes."""
        return {owner for owner, *_ in self._texts}

    def owners_in(self, texts: Sequence[str]) -> list[str | None]:
        """Return for each text the owner of a protected text in it, as a salted hash."""
        return [None if at is None else self._texts[at][0] for at in self._places(texts)]

    def overlaps_of(self, texts: Sequence[str]) -> list[Overlap | None]:
        """Return for each text the protected text that it contains; None for none."""
        return [None if at is None else self._overlaps[at] for at in self._places(texts)]

    def opening_overlap(self, messages: Sequence[Any], *, trains: bool) -> Overlap | None:
        """Return the item with the question that a conversation opens with, word for word.

        Args:
            trains: it is for training, so that questions of validation count too.
        """
        if not self._openings:
            return None
        for text in dict.fromkeys((first_question(messages), opening(messages))):
            one = self._openings.get(question_digest(self.salt, text)) if text else None
            if one is not None and one.strict > (not trains):
                return Overlap(one.of, "opening")
        return None

    def _places(self, texts: Sequence[str]) -> list[int | None]:
        held: list[int | None] = []
        for first, last in _chunks(texts):
            held += self._found(split(texts[first:last]))
        return held

    def _found(self, words: Words) -> list[int | None]:
        held: list[int | None] = [None] * len(words.counts)
        for length, known in self._lengths.items():
            for row, text in self._held(words, length, known):
                held[row] = text
        return held

    def _held(self, words: Words, length: int, known: RunIndex) -> Iterator[tuple[int, int]]:
        hashes, rows = runs_of(words, length, self._salt, known.bitmap)
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


@lru_cache(maxsize=256)  # turns of one conversation open alike, and come together
def question_digest(salt: str, text: str) -> str:
    """Return a salted hash of a question that ignores layout and capitals."""
    return digest(salt, plain(text))


def _numbers(shown: Sequence[str]) -> np.ndarray:
    return np.array([int(run, 16) for run in shown], np.uint64)


def _without_leading_signs(text: str) -> str:
    return _LEADING.sub("", text)


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts that together fit the processor's cache."""
    first = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK:
            yield first, at + 1
            first, size = at + 1, 0
    if first < len(texts):
        yield first, len(texts)
