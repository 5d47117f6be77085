"""Keeps groups stable while items and clusters come and go.

A cluster is what is near-identical today; a group has a split, once and for
good. An item keeps its group. A new item joins the group of the items it is
near-identical to; if these are on several sides, it is quarantined, because on
either side it would leak the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace

from harness_forge.core.records import Split, WorkItem

_STRICTNESS = {Split.TRAIN: 0, Split.VALIDATION: 1, Split.HOLDOUT: 2}


def keep_groups(
    items: Sequence[WorkItem],
    known: Mapping[str, str],
    splits: Mapping[str, Split],
    apart: Mapping[str, str] | None = None,
) -> tuple[list[WorkItem], dict[str, Split]]:
    """Return the items with their groups, and the new quarantined groups.

    If groups of two sides turn out to be one cluster without any new item (a
    check changed, or the definition of near-identical), the stricter side keeps
    its items: holdout before validation before training. The others are
    quarantined, so that nothing that is measured on is trained on.

    Args:
        items: the whole catalogue; `group_key` names today's cluster.
        known: item id to its group so far.
        splits: group to split, as stored.
        apart: item id to its cluster among the items that have a side, so that
            items joined only by a new item stay as they are; None takes the
            clusters of `items`.

    Returns:
        Items in their order, and group to `quarantine` for groups that are new.
    """
    clusters: dict[str, dict[str, str]] = defaultdict(dict)
    members: dict[str, set[str]] = defaultdict(set)
    for item in items:
        clusters[item.group_key][item.item_id] = known.get(item.item_id, "")
    for item_id, group in known.items():
        members[group].add(item_id)
    settling = Settling(splits.get, lambda group: members.get(group, set()), (apart or {}).get)
    settled: dict[str, str] = {}
    for name in sorted(clusters):
        settled.update(settling.settled(name, dict(sorted(clusters[name].items()))))
    found = [replace(item, group_key=settled[item.item_id]) for item in items]
    return found, dict.fromkeys(settling.closed, Split.QUARANTINE)


class Settling:
    """Finds the groups of clusters, one after the other.

    Args:
        side: returns the split of a group, None where it has none.
        members: returns the items that a group has so far.
        apart: returns the cluster of an item among the items that have a side, or the
            second argument where it has none.
    """

    def __init__(
        self,
        side: Callable[[str], Split | None],
        members: Callable[[str], Set[str]],
        apart: Callable[[str, str], str],
    ) -> None:
        self._side, self._members, self._apart = side, members, apart
        self.closed: list[str] = []

    def settled(self, name: str, had: Mapping[str, str]) -> dict[str, str]:
        """Return the group of each item of the cluster `name`.

        Args:
            had: the group of each so far, '' for none; sorted by item.
        """
        sides = self._sides(name, had)
        open_sides = [side for side in sides if side is not Split.QUARANTINE]
        if len(open_sides) > 1:
            return self._parted(name, had)
        home = sides[(open_sides or [Split.QUARANTINE])[0]][0] if sides else self._new(name, had)
        return {item: group if self._side(group) else home for item, group in had.items()}

    def _sides(self, name: str, had: Mapping[str, str]) -> dict[Split, list[str]]:
        """Return the cluster's groups by side; the group of its name counts even without items."""
        groups = set(had.values())
        if self._members(name) <= had.keys():
            groups.add(name)
        sides: dict[Split, list[str]] = defaultdict(list)
        for group in sorted(groups):
            if (side := self._side(group)) is not None:
                sides[side].append(group)
        return sides

    def _parted(self, name: str, had: Mapping[str, str]) -> dict[str, str]:
        """Return groups of a cluster that has items on several sides."""
        strictest: dict[str, int] = {}
        for item, group in had.items():
            near, rank = self._apart(item, name), _STRICTNESS.get(self._side(group), -1)
            strictest[near] = max(strictest.get(near, -1), rank)
        found = {}
        for item, group in had.items():
            side = self._side(group)
            rank = _STRICTNESS.get(side, -1)
            stays = side is Split.QUARANTINE or (
                side is not None and rank == strictest[self._apart(item, name)]
            )
            found[item] = group if stays else self._close(item)
        return found

    def _close(self, item: str) -> str:
        group = f"quarantine {item}"
        if self._side(group) is None:
            self.closed.append(group)
        return group

    def _new(self, name: str, had: Mapping[str, str]) -> str:
        """Return a name for a new group: the cluster's, unless another cluster's group has it."""
        while self._side(name) is not None or not self._members(name) <= had.keys():
            name += "'"
        return name
