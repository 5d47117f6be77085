"""Keeps groups stable while items and clusters come and go.

A cluster is what is near-identical today; a group has a split, once and for
good. An item keeps its group. A new item joins the group of the items it is
near-identical to; if these are on several sides, it is quarantined, because on
either side it would leak the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    clusters: dict[str, list[str]] = defaultdict(list)
    for item in items:
        clusters[item.group_key].append(item.item_id)
    store = _Store(known, splits, apart or {})
    settled: dict[str, str] = {}
    for name in sorted(clusters):
        settled.update(store.settled(name, sorted(clusters[name])))
    found = [replace(item, group_key=settled[item.item_id]) for item in items]
    return found, dict.fromkeys(store.closed, Split.QUARANTINE)


class _Store:
    """The existing groups and splits, looked up by cluster.

    Args: as for `keep_groups`.
    """

    def __init__(
        self, known: Mapping[str, str], splits: Mapping[str, Split], apart: Mapping[str, str]
    ) -> None:
        self._known, self._splits, self._apart = known, splits, apart
        self._members: dict[str, set[str]] = defaultdict(set)
        for item, group in known.items():
            self._members[group].add(item)
        self.closed: list[str] = []

    def settled(self, name: str, members: Sequence[str]) -> dict[str, str]:
        """Return the group of each item of the cluster `name`."""
        had = {item: self._known.get(item, "") for item in members}
        sides = self._sides(name, had)
        open_sides = [side for side in sides if side is not Split.QUARANTINE]
        if len(open_sides) > 1:
            return self._parted(name, had)
        home = sides[(open_sides or [Split.QUARANTINE])[0]][0] if sides else self._new(name, had)
        return {item: group if group in self._splits else home for item, group in had.items()}

    def _sides(self, name: str, had: Mapping[str, str]) -> dict[Split, list[str]]:
        """Return the cluster's groups by side; the group of its name counts even without items."""
        groups = set(had.values())
        if self._members.get(name, set()) <= had.keys():
            groups.add(name)
        sides: dict[Split, list[str]] = defaultdict(list)
        for group in sorted(groups & self._splits.keys()):
            sides[self._splits[group]].append(group)
        return sides

    def _parted(self, name: str, had: Mapping[str, str]) -> dict[str, str]:
        """Return groups of a cluster that has items on several sides."""
        strictest: dict[str, int] = {}
        for item, group in had.items():
            near, rank = self._apart.get(item, name), _STRICTNESS.get(self._splits.get(group), -1)
            strictest[near] = max(strictest.get(near, -1), rank)
        found = {}
        for item, group in had.items():
            side = self._splits.get(group)
            rank = _STRICTNESS.get(side, -1)
            stays = side is Split.QUARANTINE or (
                side is not None and rank == strictest[self._apart.get(item, name)]
            )
            found[item] = group if stays else self._close(item)
        return found

    def _close(self, item: str) -> str:
        group = f"quarantine {item}"
        if group not in self._splits:
            self.closed.append(group)
        return group

    def _new(self, name: str, had: Mapping[str, str]) -> str:
        """Return a name for a new group: the cluster's, unless another cluster's group has it."""
        while name in self._splits or not self._members.get(name, set()) <= had.keys():
            name += "'"
        return name
