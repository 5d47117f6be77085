"""Assigns splits to groups of work items.

The unit is a group: near-identical items are never on different sides. Groups are
shared out cluster by cluster: items of a cluster have answers of one form
(`core.answer_forms`), so that each form is in training and in the holdout
(`new_rule`). A few whole families are held out with every family that has a form
of theirs (`new_family`): nothing in training is answered like these. An assigned
split never changes: new groups are added around it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from harness_forge.config.split import SplitConfig
from harness_forge.core.disjoint_sets import DisjointSets
from harness_forge.core.records import Split, WorkItem

NEW_RULE, NEW_FAMILY = "new_rule", "new_family"

Groups = Mapping[str, Sequence[WorkItem]]
Name = tuple[str, str]
"""A family or a cluster: which of the two, and what it is called."""


def assign(
    items: Sequence[WorkItem], existing: Mapping[str, Split], config: SplitConfig
) -> dict[str, Split]:
    """Return the split of every group that has none yet.

    Only items with the full cycle are split: on the others no evaluator can tell
    a fix from none. Groups are taken in the order of a salted hash, cluster by
    cluster, so that each cluster gives each split its share and the result does
    not depend on the order of `items`.

    Args:
        items: the whole catalogue, shape (n,).
        existing: group_key to split, as stored.
        config: shares and salt.

    Returns:
        group_key to split, for new groups only. A new group with items on both
        sides of the held-out families is quarantined.
    """
    groups: dict[str, list[WorkItem]] = defaultdict(list)
    for item in items:
        if item.full_cycle:
            groups[item.group_key].append(item)
    held_out = _held_out_families(groups, existing, config)
    sides = {
        key: {not held_out.isdisjoint(_names(item)) for item in members}
        for key, members in groups.items()
    }
    closed = [key for key in groups if True in sides[key]]
    assigned = {
        key: Split.HOLDOUT if len(sides[key]) == 1 else Split.QUARANTINE
        for key in closed
        if key not in existing
    }
    share = _remaining_shares(groups, closed, config)
    strata: dict[str, list[str]] = defaultdict(list)
    for key in sorted(groups.keys() - set(closed)):
        strata[min(item.unit for item in groups[key])].append(key)
    for cluster in sorted(strata):
        assigned.update(_fill(strata[cluster], groups, existing, share, config.salt))
    return assigned


def parts(items: Iterable[WorkItem], splits: Mapping[str, Split]) -> dict[str, str]:
    """Return `new_rule` or `new_family` for every held-out item, by item id.

    An item is `new_family` if neither its family nor its cluster is in training.
    It is derived from the stored splits and not stored: when training gets items
    of a family, that family's held-out items become `new_rule`.
    """
    items = list(items)
    trained = {
        name for item in items if splits.get(item.group_key) is Split.TRAIN for name in _names(item)
    }
    return {
        item.item_id: NEW_FAMILY if trained.isdisjoint(_names(item)) else NEW_RULE
        for item in items
        if splits.get(item.group_key) is Split.HOLDOUT
    }


def _names(item: WorkItem) -> set[Name]:
    """Return the item's family and cluster, as names that cannot be mixed up."""
    return {("family", item.family), ("cluster", item.unit)}


def _held_out_families(
    groups: Groups, existing: Mapping[str, Split], config: SplitConfig
) -> set[Name]:
    """Draw families, with those that share a cluster, until their share of items is reached.

    Once splits exist, the families and clusters held out as a whole stay so, and
    none is drawn. Large ones are skipped: one of them would take the whole share and
    leave one kind of rule to measure.
    """
    if existing:
        return _closed(groups, existing)
    linked = _linked(groups)
    size = {names: len(members) for names, members in linked.items()}
    goal = config.new_family * sum(size.values())
    chosen: set[frozenset[Name]] = set()
    for names in sorted(linked, key=lambda names: _draw(config.salt, *min(_families(names)))):
        room = goal - sum(size[other] for other in chosen)
        if size[names] <= min(room, max(goal / 2, 1)):
            chosen.add(names)
    return {name for names in chosen for name in names}


def _closed(groups: Groups, existing: Mapping[str, Split]) -> set[Name]:
    seen: dict[Name, set[Split]] = defaultdict(set)
    for key, members in groups.items():
        for name in {name for item in members for name in _names(item)}:
            if key in existing:
                seen[name].add(existing[key])
    return {name for name, found in seen.items() if found == {Split.HOLDOUT}}


def _linked(groups: Groups) -> dict[frozenset[Name], list[WorkItem]]:
    """Return the families linked by clusters, as sets of names, with their items."""
    joined = DisjointSets[Name]()
    items = [item for members in groups.values() for item in members]
    for item in items:
        joined.join(*_names(item))
    names: dict[Name, set[Name]] = defaultdict(set)
    members: dict[Name, list[WorkItem]] = defaultdict(list)
    for item in items:
        top = joined.leader(("family", item.family))
        names[top] |= _names(item)
        members[top].append(item)
    return {frozenset(names[top]): members[top] for top in names}


def _families(names: Iterable[Name]) -> list[Name]:
    return [name for name in names if name[0] == "family"]


def _remaining_shares(
    groups: Groups, closed: Sequence[str], config: SplitConfig
) -> dict[Split, float]:
    """Return validation and holdout shares among the families in training.

    The holdout's own share shrinks by the share of the held-out families.
    """
    everything = sum(map(len, groups.values()))
    taken = sum(len(groups[key]) for key in closed)
    rest = max(everything - taken, 1)
    holdout = max(config.holdout * everything - taken, 0) / rest
    return {Split.VALIDATION: config.validation * everything / rest, Split.HOLDOUT: holdout}


def _fill(
    keys: Sequence[str],
    groups: Groups,
    existing: Mapping[str, Split],
    share: Mapping[Split, float],
    salt: str,
) -> dict[str, Split]:
    """Give each new group of one cluster to the split that is most below its share.

    Largest-remainder apportionment, group by group in hash order; assigned
    groups count, so a cluster that grows keeps its proportions.
    """
    want = {split: Fraction(part).limit_denominator(10_000) for split, part in share.items()}
    want[Split.TRAIN] = 1 - sum(want.values())
    have = dict.fromkeys(want, 0)
    for key in keys:
        if existing.get(key) in have:
            have[existing[key]] += len(groups[key])
    fresh: dict[str, Split] = {}
    order = sorted((key for key in keys if key not in existing), key=lambda k: _draw(salt, k))
    for key in order:
        count = sum(have.values()) + len(groups[key])
        # Ties go to training first: a form must be trained on for its items to be `new_rule`.
        split = max(
            (Split.TRAIN, Split.HOLDOUT, Split.VALIDATION),
            key=lambda name: want[name] * count - have[name],
        )
        fresh[key] = split
        have[split] += len(groups[key])
    return fresh


def _draw(*parts_: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts_).encode("utf-8", "surrogatepass")).digest()
