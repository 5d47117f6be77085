"""Sets that are joined pair by pair (union-find)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Any)


class DisjointSets(Generic[T]):
    """Disjoint sets of things that can be ordered; each set is led by its smallest.

    Whatever was never joined is a set of its own. The leader does not depend on the
    order of joining.

    Source: Tarjan and van Leeuwen, J. ACM 31 (1984) 245-281, with path halving.
    """

    def __init__(self) -> None:
        self._above: dict[T, T] = {}

    def leader(self, one: T) -> T:
        """Return the smallest of the set that `one` is in."""
        above = self._above
        while (next_ := above.get(one, one)) != one:
            above[one] = one = above.get(next_, next_)
        return one

    def join(self, one: T, other: T) -> None:
        """Make the sets of both one set."""
        first, second = self.leader(one), self.leader(other)
        if first != second:
            self._above[max(first, second)] = min(first, second)


class DisjointPlaces:
    """Disjoint sets of the numbers 0 to `count`, each led by its smallest; 8 bytes a number.

    As `DisjointSets`, for very many.
    """

    def __init__(self, count: int) -> None:
        self._above = array("q", range(count))

    def __len__(self) -> int:
        return len(self._above)

    def leader(self, one: int) -> int:
        """Return the smallest of the set that `one` is in."""
        above = self._above
        while (next_ := above[one]) != one:
            above[one] = one = above[next_]
        return one

    def join(self, one: int, other: int) -> None:
        """Make the sets of both one set."""
        first, second = self.leader(one), self.leader(other)
        if first != second:
            self._above[max(first, second)] = min(first, second)

    def leaders(self) -> array[int]:
        """Return the leader of each number."""
        return array("q", map(self.leader, range(len(self._above))))


def leaders(marks: Mapping[T, Iterable[str]]) -> dict[T, T]:
    """Return the smallest name among those that share a mark, directly or through others.

    Args:
        marks: name to what tells that another name is the same.
    """
    joined = DisjointSets[T]()
    first: dict[str, T] = {}
    for name in sorted(marks):
        for mark in marks[name]:
            joined.join(first.setdefault(mark, name), name)
    return {name: joined.leader(name) for name in marks}
