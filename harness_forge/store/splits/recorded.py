"""Groups recorded items, which were never surveyed, and assigns their splits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import Split
from harness_forge.store.splits.assign import assign
from harness_forge.store.splits.near_identical import join_near_identical
from harness_forge.store.splits.stable_groups import keep_groups

QUARANTINE = Split.QUARANTINE

_RULE = {"rule": 2}
"""How near-identical items are found: 1 compared only prompts of `worker`, 2 all conversations."""
_NOTE = "splits/grouping"


def assign_recorded(store, config: SplitConfig) -> dict[str, int]:
    """Assign a split to every group without one, and return the number of groups by split.

    No environment measured whether recorded items have the full cycle; instead,
    another evaluator's judgement of them counts. Items that ask nearly the same
    are one group, earlier items included. If such items already have splits on
    several sides, the strictest side keeps its items and the others are
    quarantined.
    """
    with store.alone("splits"):  # so that another process' items are seen completely
        return _assign_recorded(store, config)


def _assign_recorded(store, config: SplitConfig) -> dict[str, int]:
    closed = _group(store, config)
    items = [
        replace(item, full_cycle=True) if item.full_cycle is None else item
        for item in store.items()
    ]
    fresh = assign(items, store.splits(), config)
    if fresh:
        store.assign_splits(fresh, config.salt)
    store.note(_NOTE, _RULE)
    counts = Counter([*fresh.values(), *closed.values()])
    return {str(split): count for split, count in sorted(counts.items())}


def refresh(store, config: SplitConfig) -> int:
    """Regroup recorded items if an older rule grouped them last.

    Returns:
        Number of items that are quarantined now: a near-identical item of each is
        on a stricter side.
    """
    if store.noted(_NOTE) == _RULE or all(item.full_cycle is not None for item in store.items()):
        return 0
    return assign_recorded(store, config).get(str(QUARANTINE), 0)


def _group(store, config: SplitConfig) -> dict[str, Split]:
    """Update the groups of recorded items; the groups of surveyed items come from checks.

    Returns:
        New groups, of items that were near-identical to items on other sides.
    """
    items, splits = store.items(), store.splits()
    known = {item.item_id: item.group_key for item in items}
    prompts = store.prompts()
    sided = [item for item in items if splits.get(item.group_key, QUARANTINE) is not QUARANTINE]
    apart = {item.item_id: item.group_key for item in join_near_identical(sided, prompts)}
    found, closed = keep_groups(join_near_identical(items, prompts), known, splits, apart)
    recorded = {item.item_id for item in items if item.full_cycle is None}
    moved = {
        item.item_id: item.group_key
        for item in found
        if item.item_id in recorded and item.group_key != known[item.item_id]
    }
    closed = {one: closed[one] for one in moved.values() if one in closed}
    store.assign_splits(closed, config.salt)
    store.regroup(moved)
    return closed
