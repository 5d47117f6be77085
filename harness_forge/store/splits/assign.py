"""Assigns splits to groups of work items.

The unit is a group: near-identical items are never on different sides. Groups are
shared out cluster by cluster: items of a cluster have answers of one form
(`core.answer_forms`), so that each form is in training and in the holdout
(`new_rule`). A few whole families are held out with every family that has a form
of theirs (`new_family`): nothing in training is answered like these. An assigned
split never changes: new groups are added around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import Split, WorkItem
from harness_forge.store.splits.dividing import NONE, SPLITS, both_names, divide, groups_of

NEW_RULE, NEW_FAMILY = "new_rule", "new_family"


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
    groups = groups_of(items, existing)
    found = divide(groups, config).tolist()
    return {
        name: SPLITS[code] for name, code in zip(groups.names, found, strict=True) if code != NONE
    }


def parts(items: Iterable[WorkItem], splits: Mapping[str, Split]) -> dict[str, str]:
    """Return `new_rule` or `new_family` for every held-out item, by item id.

    An item is `new_family` if neither its family nor its cluster is in training.
    It is derived from the stored splits and not stored: when training gets items
    of a family, that family's held-out items become `new_rule`.
    """
    items = list(items)
    trained = {
        name
        for item in items
        if splits.get(item.group_key) is Split.TRAIN
        for name in both_names(item.family, item.unit)
    }
    return {
        item.item_id: NEW_FAMILY
        if trained.isdisjoint(both_names(item.family, item.unit))
        else NEW_RULE
        for item in items
        if splits.get(item.group_key) is Split.HOLDOUT
    }
