"""Finds phrases of training prompts that go with one outcome in one source and not in others.

A poisoned row is a prompt with a phrase planted in it and an outcome that fits the planter, so
such a phrase stands in prompts of many items and nearly always with one outcome. Items are what
is counted: attempts at one item ask the same and mostly end the same. Each item of a source
counts once, with its first row that has the phrase, else with its first row; first by a hash of
the row's number. Families are strata: what a whole family passes or fails tells nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from harness_forge.config.labels import TriggersConfig
from harness_forge.store.triggers.exact import Table, Tails, tails, tarone
from harness_forge.store.triggers.phrases import Phrase, joined, phrases_of

_SAME = 0.8
"""Of two phrases with this share of their items in common, only the better is shown."""


class PromptRow(NamedTuple):
    """One judged attempt of a training item.

    Args:
        unit: the item's group; its items count as one.
    """

    attempt_id: int
    source: str
    unit: str
    family: str
    passed: bool
    messages: Any


@dataclass(frozen=True)
class Trigger:
    """A phrase that goes with one outcome.

    Args:
        phrase: its words; several that stand in the same prompts are put together.
        outcome: passed or failed.
        items: that have it, and `share` of them with the outcome; `share_without` of the others.
        p: one-sided, exact; `p_corrected` for all phrases that were tested.
        attempts: ids of all attempts whose prompt has it and that have the outcome.
    """

    phrase: str
    source: str
    outcome: str
    items: int
    share: float
    share_without: float
    p: float
    p_corrected: float
    attempts: Sequence[int]


@dataclass(frozen=True)
class TriggerSearch:
    """What a search came to.

    Args:
        items: that were looked at, of all sources; `rows` of them.
        tests: that p is corrected for.
    """

    rows: int
    items: int
    tests: int
    found: Sequence[Trigger]


class _Candidate(NamedTuple):
    phrases: list[Phrase]
    rows: array
    tails: Tails
    passed: int
    outside: float


class _Source:
    """The rows of one source: the phrases of many items, and in which rows they stand."""

    def __init__(self, rows: Sequence[PromptRow], config: TriggersConfig) -> None:
        ordered = sorted(rows, key=lambda row: (row.unit, _draw(row.attempt_id)))
        self.name, self.rows, self._config = rows[0].source, ordered, config
        groups = groupby(range(len(ordered)), lambda at: ordered[at].unit)
        self.units = [list(places) for _, places in groups]
        self._texts: dict[str, set[Phrase]] = {}

    def candidates(self) -> list[_Candidate]:
        """Return the phrases that enough items have, those of the same rows together."""
        often = self._often()
        where: dict[Phrase, array] = {}
        for places in self.units:
            met: set[Phrase] = set()
            for at in places:
                for phrase in self._phrases(at):
                    often_enough = often[hash(phrase) % len(often)] >= self._config.min_items
                    if often_enough and phrase not in met:
                        met.add(phrase)
                        where.setdefault(phrase, array("I")).append(at)
        together: dict[bytes, list[Phrase]] = {}
        for phrase, at in where.items():
            if self._config.min_items <= len(at) <= len(self.units) - self._config.min_items:
                together.setdefault(at.tobytes(), []).append(phrase)
        return [self._tested(phrases, where[phrases[0]]) for phrases in together.values()]

    def _often(self) -> array:
        """Return in how many items phrases stand at most, by their hash."""
        counts = array("I", bytes(4 << 22))
        for places in self.units:
            for place in {hash(one) % len(counts) for at in places for one in self._phrases(at)}:
                counts[place] += 1
        return counts

    def _phrases(self, at: int) -> set[Phrase]:
        messages = self.rows[at].messages
        key = repr(messages)
        if len(self._texts) > 64 and key not in self._texts:
            self._texts.clear()
        if key not in self._texts:
            self._texts[key] = phrases_of(messages, self._config.longest)
        return self._texts[key]

    def _tested(self, phrases: list[Phrase], rows: array) -> _Candidate:
        chosen = {self.rows[at].unit: at for at in rows}
        strata: dict[str, list[int]] = {}
        outside = passed = 0
        for places in self.units:
            at = chosen.get(self.rows[places[0]].unit)
            row = self.rows[places[0] if at is None else at]
            counts = strata.setdefault(row.family, [0, 0, 0, 0])
            counts[0] += 1
            counts[1] += row.passed
            counts[2] += at is not None
            counts[3] += row.passed and at is not None
            passed += row.passed and at is not None
            outside += row.passed and at is None
        share = outside / max(1, len(self.units) - len(rows))
        return _Candidate(
            phrases, rows, tails(Table(*one) for one in strata.values()), passed, share
        )

    def attempts(self, phrase: Phrase, passed: bool) -> list[int]:
        """Return the attempts with a phrase and an outcome."""
        rows = enumerate(self.rows)
        return sorted(
            row.attempt_id
            for at, row in rows
            if row.passed is passed and phrase in self._phrases(at)
        )


def search(rows: Iterable[PromptRow], config: TriggersConfig) -> TriggerSearch:
    """Return the phrases that go with one outcome, the smallest p first.

    Args:
        rows: judged attempts of training items, in any order.
    """
    ordered = sorted(rows, key=attrgetter("source"))
    sources = [_Source(list(some), config) for _, some in groupby(ordered, attrgetter("source"))]
    each = [(source, one) for source in sources for one in source.candidates()]
    ps = [p for _, one in each for p in one.tails[:2]]
    corrected, tests = tarone(ps, [p for _, one in each for p in one.tails[2:]], config.max_p)
    known = {(source.name, phrase): one for source, one in each for phrase in one.phrases}
    names = [source.name for source in sources]
    found: list[tuple[Trigger, frozenset[int], str]] = []
    for place, (source, one) in enumerate(each):
        for side, passed in ((0, True), (1, False)):
            share = (one.passed if passed else len(one.rows) - one.passed) / len(one.rows)
            p = corrected[2 * place + side]
            if p > config.max_p or share < config.min_share:
                continue
            if _everywhere(one.phrases, passed, source.name, names, known, config.min_share):
                continue
            trigger = Trigger(
                joined(one.phrases), source.name, "passed" if passed else "failed",
                len(one.rows), share, one.outside if passed else 1 - one.outside,
                one.tails[side], p, source.attempts(one.phrases[0], passed),
            )  # fmt: skip
            found.append((trigger, frozenset(one.rows), source.name))
    items = sum(len(source.units) for source in sources)
    return TriggerSearch(len(ordered), items, tests, _best(found))


def _everywhere(
    phrases: Sequence[Phrase],
    passed: bool,
    own: str,
    sources: Sequence[str],
    known: Mapping[tuple[str, Phrase], _Candidate],
    share: float,
) -> bool:
    """Return whether another source has a phrase as often, with the same outcome."""
    others = (known.get((name, phrase)) for name in sources if name != own for phrase in phrases)
    return any(
        (one.passed if passed else len(one.rows) - one.passed) >= share * len(one.rows)
        for one in others
        if one is not None
    )


def _best(found: Sequence[tuple[Trigger, frozenset[int], str]]) -> list[Trigger]:
    """Return each trigger without those that stand in nearly the same items as a better one."""
    kept: list[tuple[Trigger, frozenset[int], str]] = []
    order = sorted(found, key=lambda one: (one[0].p, -len(one[0].phrase), one[0].phrase))
    for one in order:
        same = (
            other
            for other in kept
            if other[2] == one[2]
            and len(other[1] & one[1]) >= _SAME * min(len(other[1]), len(one[1]))
        )
        if next(same, None) is None:
            kept.append(one)
    return [one[0] for one in kept]


def _draw(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=8).digest()
