"""The skill's items: which can be judged, and the split of each.

Surveyed once for each content and root, split once for each store.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from harness_forge.config.policy import COPIES, PolicyKind
from harness_forge.config.run import Purpose, RunConfig, named_split
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import RunError
from harness_forge.core.hints import did_you_mean_any
from harness_forge.core.records import Split, WorkItem
from harness_forge.rollouts.runs.progress import counter
from harness_forge.store.splits.assign import assign
from harness_forge.store.splits.stable_groups import keep_groups

UNDER_TEST = (PolicyKind.model, *COPIES)
"""Policies that are judged; the others know the answers and are not evidence."""


def refresh(environment, store, config: SplitConfig) -> list[WorkItem]:
    """Bring the store's items and splits up to date and return the items.

    The survey is cached by content, so a second call is fast. If it falls short
    of the known counts of these versions, standard error says so. Splits are
    only ever added to, and an item keeps its group.
    """
    surveyed = environment.survey(progress=counter(f"survey {environment.skill}"))
    for line in environment.shortfall(surveyed):
        print(f"survey {environment.skill}: {line}", file=sys.stderr)
    stored, splits = store.items(), store.splits()
    known = {item.item_id: item.group_key for item in stored}
    items, closed = keep_groups(surveyed, known, splits)
    if items != stored:
        store.upsert_items(items)
    fresh = closed | assign(items, splits | closed, config)
    if fresh:
        store.assign_splits(fresh, config.salt)
    return items


def select(
    items: Sequence[WorkItem], splits: dict[str, Split], config: RunConfig, asks_model: bool
) -> list[WorkItem]:
    """Return the items a run attempts, in a fixed order.

    Only items with the full cycle: on the others no verdict can tell a fix from
    none. A model that collects stays out of the holdout.

    Raises:
        RunError: a named item does not exist or cannot be judged.
    """
    known = {item.item_id: item for item in items}
    for name in config.items:
        _check(name, known)
    split = named_split(config)
    if split is None and asks_model and config.purpose is Purpose.collect:
        split = Split.TRAIN
    chosen = [
        item
        for item in sorted(items, key=lambda item: item.item_id)
        if item.full_cycle
        and (not config.items or item.item_id in config.items)
        and (split is None or splits.get(item.group_key) is split)
    ]
    if not chosen:
        raise RunError("run", "no work item is left to attempt", _selection(config, split))
    return chosen[: config.limit or None]


def held_out(items: Sequence[WorkItem], splits: dict[str, Split]) -> list[WorkItem]:
    """Return the items among `items` that are held out."""
    return [item for item in items if splits.get(item.group_key) is Split.HOLDOUT]


def _check(name: str, known: dict[str, WorkItem]) -> None:
    if name in known and known[name].full_cycle:
        return
    if name in known:
        raise RunError(
            f"run.items: {name}",
            "cannot be judged here: it does not go from fail to pass with the content's own fix",
            "`forge env table` shows which families can",
        )
    hint = did_you_mean_any(name, known, "`forge env table` lists the families")
    raise RunError(f"run.items: {name}", "no such work item in this skill", hint)


def _selection(config: RunConfig, split: str | None) -> str:
    parts = [f"split={split}"] if split else []
    parts += [f"items={config.items}"] if config.items else []
    return f"the selection was {', '.join(parts) or 'every item with the full cycle'}"
