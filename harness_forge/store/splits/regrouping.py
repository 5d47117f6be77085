"""Which recorded items change their group, cluster by cluster of groups that were joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from harness_forge.core.disjoint_sets import DisjointPlaces
from harness_forge.core.records import Split
from harness_forge.store.splits.item_table import ItemTable
from harness_forge.store.splits.stable_groups import Settling


@dataclass(frozen=True)
class Moves:
    """Items that change their group.

    Args:
        groups: item to its new group.
        closed: those of the new groups that are new and quarantined.
    """

    groups: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)


class Regrouping:
    """The groups of a skill of which some were joined.

    Args:
        joined: its groups, by number.
        apart: returns its groups joined by what the items of those with a side ask; asked
            for only where groups of several sides were joined.
    """

    def __init__(
        self, table: ItemTable, joined: DisjointPlaces, apart: Callable[[], DisjointPlaces]
    ) -> None:
        self._table, self._joined, self._find_apart = table, joined, apart
        self._items = np.argsort(table.group, kind="stable")
        self._groups = table.group[self._items]

    def moves(self, at_once: int) -> Iterator[Moves]:
        """Yield the recorded items that change their group, whole clusters together.

        Args:
            at_once: items from which on what was found is yielded.
        """
        found = Moves()
        for groups in self._clusters():
            self._settle(groups, found)
            if len(found.groups) >= at_once:
                yield found
                found = Moves()
        yield found

    def _clusters(self) -> Iterator[list[int]]:
        """Yield the groups of each cluster that has several; the one that leads it is the first."""
        leaders = np.asarray(self._joined.leaders(), np.int64)
        others = np.flatnonzero(leaders != np.arange(len(leaders)))
        together = np.union1d(others, leaders[others])
        together = together[np.argsort(leaders[together], kind="stable")]
        edges = np.flatnonzero(np.diff(leaders[together])) + 1
        yield from (part.tolist() for part in np.split(together, edges) if len(part))

    def _settle(self, groups: list[int], found: Moves) -> None:
        name = self._table.names[groups[0]]
        places = {self._table.ids[at]: at for group in groups for at in self._members(group)}
        had = {one: self._table.names[self._table.group[places[one]]] for one in sorted(places)}
        settling = Settling(self._side, self._ids, self._near(had))
        settled, closed = settling.settled(name, had), set(settling.closed)
        for one, group in settled.items():
            if group != had[one] and self._table.surveyed[places[one]] < 0:
                found.groups[one] = group
                found.closed.update(closed & {group})

    def _side(self, name: str) -> Split | None:
        place = self._table.place(name)
        return None if place is None else self._table.side(place)

    def _ids(self, name: str) -> frozenset[str]:
        place = self._table.place(name)
        members = () if place is None else self._members(place)
        return frozenset(self._table.ids[at] for at in members)

    def _members(self, group: int) -> list[int]:
        start, stop = np.searchsorted(self._groups, [group, group + 1])
        return self._items[start:stop].tolist()

    def _near(self, had: Mapping[str, str]) -> Callable[[str, str], str]:
        def near(item: str, name: str) -> str:
            place = self._table.place(had[item])
            if self._table.side(place) in (None, Split.QUARANTINE):
                return name
            return self._table.names[self._apart.leader(place)]

        return near

    @cached_property
    def _apart(self) -> DisjointPlaces:
        return self._find_apart()
