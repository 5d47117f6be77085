"""Assigns splits to groups of work items.

The unit is a group: a cluster of near-identical items, so that near-identical
items are never on different sides. A few whole families are held out
(`new_family`); the rest of the holdout is drawn from families in training
(`new_rule`). An assigned split never changes: new groups are added around it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import Split, WorkItem

NEW_RULE, NEW_FAMILY = "new_rule", "new_family"


def assign(
    items: Sequence[WorkItem], existing: Mapping[str, Split], config: SplitConfig
) -> dict[str, Split]:
    """Return the split of every group that has none yet.

    Only items with the full cycle are split: on the others no evaluator can tell
    a fix from none. Groups are taken in the order of a salted hash, family by
    family, so that each family gives each split its share and the result does
    not depend on the order of `items`.

    Args:
        items: the whole catalogue, shape (n,).
        existing: group_key to split, as stored.
        config: shares and salt.

    Returns:
        group_key to split, for new groups only. A new group with items of
        families on both sides is quarantined.
    """
    usable = [item for item in items if item.full_cycle]
    groups: dict[str, list[WorkItem]] = defaultdict(list)
    for item in usable:
        groups[item.group_key].append(item)
    families = _by_family(groups)
    held_out = _held_out_families(families, groups, existing, config)
    assigned: dict[str, Split] = {}
    total = {family: sum(len(groups[key]) for key in keys) for family, keys in families.items()}
    share = _remaining_shares(total, held_out, config)
    for family in sorted(families):
        if family in held_out:
            fresh = {key: Split.HOLDOUT for key in families[family] if key not in existing}
        else:
            fresh = _fill(families[family], groups, existing, share, config.salt)
        assigned.update(fresh)
    for key in list(assigned):
        sides = {item.family in held_out for item in groups[key]}
        if len(sides) > 1:
            assigned[key] = Split.QUARANTINE
    return assigned


def parts(items: Iterable[WorkItem], splits: Mapping[str, Split]) -> dict[str, str]:
    """Return `new_rule` or `new_family` for every held-out item, by item id.

    It is derived from the stored splits and not stored: when training gets items
    of a family, that family's held-out items become `new_rule`.
    """
    items = list(items)
    trained = {item.family for item in items if splits.get(item.group_key) is Split.TRAIN}
    return {
        item.item_id: NEW_RULE if item.family in trained else NEW_FAMILY
        for item in items
        if splits.get(item.group_key) is Split.HOLDOUT
    }


def _by_family(groups: Mapping[str, Sequence[WorkItem]]) -> dict[str, list[str]]:
    families: dict[str, list[str]] = defaultdict(list)
    for key, members in groups.items():
        families[min(item.family for item in members)].append(key)
    return families


def _held_out_families(families, groups, existing, config: SplitConfig) -> set[str]:
    """Draw whole families until their share of items is reached.

    A family with a group in training or validation is never drawn, so later
    calls keep the first choice. Large families are skipped: one of them would
    take the whole share and leave one kind of rule to measure.
    """
    size = {name: sum(len(groups[key]) for key in keys) for name, keys in families.items()}
    goal = config.new_family * sum(size.values())
    seen = {
        name: {existing[key] for key in keys if key in existing} for name, keys in families.items()
    }
    chosen = {name for name, sides in seen.items() if sides == {Split.HOLDOUT}}
    if existing:
        return chosen
    for name in sorted(families, key=lambda name: _draw(config.salt, "family", name)):
        room = goal - sum(size[other] for other in chosen)
        if name not in chosen and size[name] <= min(room, max(goal / 2, 1)):
            chosen.add(name)
    return chosen


def _remaining_shares(total: Mapping[str, int], held_out: set[str], config: SplitConfig):
    """Return validation and holdout shares among the families in training.

    The holdout's own share shrinks by the share of the held-out families.
    """
    everything = sum(total.values())
    taken = sum(total[family] for family in held_out)
    rest = max(everything - taken, 1)
    holdout = max(config.holdout * everything - taken, 0) / rest
    return {Split.VALIDATION: config.validation * everything / rest, Split.HOLDOUT: holdout}


def _fill(keys, groups, existing, share, salt) -> dict[str, Split]:
    """Give each new group of one family to the split that is most below its share.

    Largest-remainder apportionment, group by group in hash order; assigned
    groups count, so a family that grows keeps its proportions.
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
        # Ties go to training first: a family must be trained on to be `new_rule`.
        split = max(
            (Split.TRAIN, Split.HOLDOUT, Split.VALIDATION),
            key=lambda name: want[name] * count - have[name],
        )
        fresh[key] = split
        have[split] += len(groups[key])
    return fresh


def _draw(*parts_: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts_).encode("utf-8", "surrogatepass")).digest()
