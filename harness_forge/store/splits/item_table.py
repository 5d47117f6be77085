"""A skill's items and groups, counted off as numbers: some 30 bytes an item.

Items are numbered in the order of their ids, groups in the order of their names. Names lie
in temporary files, so that a store may have millions of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import psycopg

from harness_forge.core.records import Split
from harness_forge.core.sketches.spooled import SpooledTexts
from harness_forge.store.escaping import escape, unescape
from harness_forge.store.splits.dividing import NONE, SPLITS, Groups

# In the order of bytes, which is Python's too.
_GROUPS = """
SELECT g.group_key, s.split
FROM (SELECT group_key FROM items UNION SELECT group_key FROM splits) g
LEFT JOIN splits s USING (group_key)
ORDER BY g.group_key COLLATE "C"
"""
_ITEMS = """
SELECT i.item_id, g.number, i.family, i.cluster, i.full_cycle
FROM items i JOIN (
    SELECT group_key, row_number() OVER (ORDER BY group_key COLLATE "C") - 1 AS number
    FROM (SELECT group_key FROM items UNION SELECT group_key FROM splits) names
) g USING (group_key)
ORDER BY i.item_id
"""
_AT_ONCE = 2000


class ItemTable:
    """The items and groups of a skill, in one snapshot of its store.

    Args:
        connection: of one snapshot; its search path is the skill's schema.

    Attributes:
        ids: of the items.
        names: of the groups.
        split: of each group, a place in SPLITS, or NONE; int8 (g,).
        group: of each item; int32 (n,).
        kind: of each item, a place in `kinds`; int32 (n,).
        kinds: pairs of a family and a unit.
        surveyed: of each item: whether the full cycle was measured, and found; -1, 0 or 1.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.ids, self.names = SpooledTexts(), SpooledTexts()
        split, group, kind, surveyed = array("b"), array("i"), array("i"), array("b")
        kinds: dict[tuple[str, str], int] = {}
        for name, side in streamed(connection, _GROUPS):
            self.names.append(unescape(name))
            split.append(NONE if side is None else SPLITS.index(Split(side)))
        for item_id, number, family, cluster, cycle in streamed(connection, _ITEMS):
            self.ids.append(unescape(item_id))
            group.append(number)
            pair = (unescape(family), unescape(cluster or family))
            kind.append(kinds.setdefault(pair, len(kinds)))
            surveyed.append(-1 if cycle is None else int(cycle))
        self.kinds = list(kinds)
        self.split, self.group, self.kind, self.surveyed = map(
            _numbers, (split, group, kind, surveyed)
        )

    def place(self, name: str) -> int | None:
        """Return the number of a group; None where there is none of this name."""
        at = bisect_left(self.names, escape(name), key=escape)
        return at if at < len(self.names) and self.names[at] == name else None

    def side(self, group: int) -> Split | None:
        """Return the split of a group."""
        code = int(self.split[group])
        return None if code == NONE else SPLITS[code]

    def recorded_groups(self) -> Groups:
        """Return what is shared out: groups of items that have the full cycle, or may have."""
        whole = self.surveyed != 0
        return Groups(
            self.names,
            self.split,
            self.group[whole],
            self.kind[whole],
            self.kinds,
            begun=bool((self.split != NONE).any()),
        )


def streamed(connection: psycopg.Connection, query: str, values: Sequence[Any] = ()) -> Iterator:
    """Yield the rows of a query, a few thousand at a time."""
    with connection.cursor("streamed") as cursor:
        cursor.itersize = _AT_ONCE
        yield from cursor.execute(query, values)


def _numbers(values: array) -> np.ndarray:
    return np.frombuffer(values, values.typecode) if values else np.zeros(0, values.typecode)
