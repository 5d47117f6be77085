"""Counts pairs: possible, made, and not made by reason.

Pairs are counted by groups of rows, never one by one: of an item that was
tried a thousand times there are a quarter of a million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class PairCount(NamedTuple):
    """Counts of pairs; possible = made + not made.

    Args:
        possible: every passing row with every failing one of the same prompt, of one item.
        made: lines of the dataset.
        not_made: reason to count.
    """

    possible: int = 0
    made: int = 0
    not_made: Mapping[str, int] = Counter()

    @classmethod
    def of(cls, counts: Iterable[PairCount]) -> PairCount:
        """Return the sum of several counts."""
        possible, made, not_made = 0, 0, Counter[str]()
        for one in counts:
            possible, made = possible + one.possible, made + one.made
            not_made.update(one.not_made)
        return cls(possible, made, not_made)

    def without(self, pairs: int, reason: str) -> PairCount:
        """Return the count after removing made pairs for a reason."""
        not_made = Counter(self.not_made)
        not_made[reason] += pairs
        return PairCount(self.possible, self.made - pairs, not_made)


@dataclass(slots=True)
class Sides:
    """The rows of one prompt: counts of passes and failures, by why each is in no pair.

    The reason is None for a row that may be paired.
    """

    passed: Counter[str | None] = field(default_factory=Counter)
    failed: Counter[str | None] = field(default_factory=Counter)

    def add(self, passed: bool, reason: str | None) -> None:
        """Count one row."""
        (self.passed if passed else self.failed)[reason] += 1

    def count(self) -> tuple[int, int, Counter[str]]:
        """Return the possible pairs, the pairs of usable rows, and the others by reason.

        The rest is by reason: that of the passing row, or, where nothing is wrong with it,
        that of the failing one.
        """
        failed, free = self.failed.total(), self.passed[None]
        not_made: Counter[str] = Counter()
        for reason, count in self.passed.items():
            if reason is not None:
                not_made[reason] += count * failed
        for reason, count in self.failed.items():
            if reason is not None:
                not_made[reason] += free * count
        return self.passed.total() * failed, free * self.failed[None], +not_made
