"""Groups recorded items, which were never surveyed, and assigns their splits.

A store may have millions of them: they are counted off as numbers (`item_table`), and
names are looked up where groups meet and where something is written.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import psycopg

from harness_forge.config.split import SplitConfig
from harness_forge.core.disjoint_sets import DisjointPlaces
from harness_forge.core.records import Split
from harness_forge.store import catalogue
from harness_forge.store.splits.dividing import NONE, SPLITS, divide
from harness_forge.store.splits.item_table import ItemTable
from harness_forge.store.splits.near_identical import join_near_identical
from harness_forge.store.splits.regrouping import Regrouping

QUARANTINE = Split.QUARANTINE

_RULE = 2
"""How near-identical items are found: 1 compared only prompts of `worker`, 2 all conversations."""
_BY_BLANK = "by_blank"
"""Of the note: what fills the blank of a template is the task. Joining such items later would
quarantine those that are on several sides."""
_NOTE = "splits/grouping"
_AT_ONCE = 10_000
"""Rows that are written together."""


def assign_recorded(store, config: SplitConfig) -> dict[str, int]:
    """Assign a split to every group without one, and return the number of groups by split.

    No environment measured whether recorded items have the full cycle; instead,
    another evaluator's judgement of them counts. Items that ask nearly the same
    are one group, earlier items included. If such items already have splits on
    several sides, the strictest side keeps its items and the others are
    quarantined.
    """
    with store.alone("splits"):  # so that another process' items are seen completely
        by_blank = not config.one_task_per_template or _by_blank(store)
        quarantined, table = _group(store, config, not by_blank)
        counts = quarantined + _divide(store, config, table)
        store.note(_NOTE, {"rule": _RULE} | ({_BY_BLANK: True} if by_blank else {}))
    return {str(split): count for split, count in sorted(counts.items())}


def refresh(store, config: SplitConfig) -> int:
    """Regroup recorded items if an older rule grouped them last.

    Returns:
        Number of items that are quarantined now: a near-identical item of each is
        on a stricter side.
    """
    if _noted(store).get("rule") == _RULE or all(
        item.full_cycle is not None for item in store.items()
    ):
        return 0
    return assign_recorded(store, config).get(str(QUARANTINE), 0)


def _noted(store) -> dict[str, Any]:
    return store.noted(_NOTE) or {}


def _by_blank(store) -> bool:
    """Return whether the skill's splits were made so; without any it is free to choose again."""
    return bool(_noted(store).get(_BY_BLANK)) and bool(store.splits())


def _group(
    store, config: SplitConfig, one_per_template: bool
) -> tuple[Counter[Split], ItemTable | None]:
    """Update the groups of recorded items; the groups of surveyed items come from checks.

    Returns:
        The number of new groups of items that were near-identical to items on other sides, and
        the items and groups; None where some changed.
    """
    moved = False
    counts: Counter[Split] = Counter()
    with closing(store.connect_read_only()) as connection:
        table = ItemTable(connection)
        join = partial(_joined, table, connection, one_per_template)
        found = Regrouping(table, join(), partial(join, sided=True))
        for moves in found.moves(_AT_ONCE):
            moved = moved or bool(moves.groups)
            store.assign_splits(dict.fromkeys(moves.closed, QUARANTINE), config.salt)
            store.regroup(moves.groups)
            counts[QUARANTINE] += len(moves.closed)
    return counts, None if moved else table


def _joined(
    table: ItemTable,
    connection: psycopg.Connection,
    one_per_template: bool,
    sided: bool = False,
) -> DisjointPlaces:
    """Return the groups joined by what their items ask.

    Args:
        sided: only what items ask that have a side.
    """
    sides = table.split[table.group]
    has = (sides != NONE) & (sides != SPLITS.index(QUARANTINE)) if sided else sides == sides
    asked = ((item, text) for item, text in catalogue.prompts(connection) if has[item])
    return join_near_identical(table.group, len(table.names), asked, one_per_template)


def _divide(store, config: SplitConfig, table: ItemTable | None) -> Counter[Split]:
    if table is None:
        with closing(store.connect_read_only()) as connection:
            table = ItemTable(connection)
    fresh = divide(table.recorded_groups(), config)
    new = ((table.names[at], SPLITS[fresh[at]]) for at in np.flatnonzero(fresh != NONE))
    while some := dict(islice(new, _AT_ONCE)):
        store.assign_splits(some, config.salt)
    sizes = np.bincount(fresh[fresh != NONE], minlength=len(SPLITS)).tolist()
    return Counter({split: size for split, size in zip(SPLITS, sizes, strict=True) if size})
