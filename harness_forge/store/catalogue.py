"""The skill's catalogue: its items, their groups and splits, and their prompts.

Each function takes a connection in a transaction, with the skill's schema on its search path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
import psycopg

from harness_forge.core.records import Split, WorkItem
from harness_forge.core.sketches import openings
from harness_forge.store import rows
from harness_forge.store.escaping import escape, restored, unescape

_CHANGED_ITEM = """
ON CONFLICT (item_id) DO UPDATE SET
    (title, severity, family, group_key, full_cycle, digest, facts, cluster, surveyed_at) =
    (excluded.title, excluded.severity, excluded.family, excluded.group_key,
     excluded.full_cycle, excluded.digest, excluded.facts, excluded.cluster, now())
WHERE (items.title, items.severity, items.family, items.group_key, items.full_cycle,
       items.digest, items.facts, items.cluster) IS DISTINCT FROM
      (excluded.title, excluded.severity, excluded.family, excluded.group_key,
       excluded.full_cycle, excluded.digest, excluded.facts, excluded.cluster)
"""

# The decisive turn of an attempt has the whole conversation before it. If no turn is marked
# as decisive, the last one has. Items are numbered in the order of their ids.
_ASKED = """
SELECT i.number, t.id
FROM turns t
JOIN (SELECT item_id, row_number() OVER (ORDER BY item_id) - 1 AS number FROM items) i
    USING (item_id)
WHERE t.decisive OR t.id IN (
    SELECT max(id) FROM turns GROUP BY attempt_id HAVING NOT bool_or(decisive)
)
ORDER BY i.number, t.id
"""
_SAID = """
SELECT t.id, t.item_id, w.title, coalesce(t.messages, request_of(t.attempt_id, t.shared))::text
FROM turns t JOIN work_items w USING (run_id, item_id)
WHERE t.id = ANY(%s)
"""
_MOVE_ITEMS = """
UPDATE items i SET group_key = m.group_key
FROM unnest(%s::text[], %s::text[]) m (group_key, item_id) WHERE i.item_id = m.item_id
"""
_MOVE_WORK_ITEMS = """
UPDATE work_items w SET group_key = m.group_key
FROM unnest(%s::text[], %s::text[]) m (group_key, item_id)
WHERE w.item_id = m.item_id
    AND NOT EXISTS (SELECT FROM splits s WHERE s.group_key = w.group_key)
"""
_PHRASED = 16
"""Most different prompts of one item."""
_AT_ONCE, _OPENINGS = 20, 200
"""Conversations, and openings of some, in memory at once: a conversation may have megabytes."""


def upsert_items(connection: psycopg.Connection, items: Sequence[WorkItem]) -> None:
    """Write the skill's catalogue; unchanged items are not written."""
    for item in items:
        rows.insert(connection, "items", rows.item_row(item), _CHANGED_ITEM)


def items(connection: psycopg.Connection) -> list[WorkItem]:
    """Return the catalogue, sorted by item id."""
    query = (
        "SELECT item_id, title, severity, family, group_key, full_cycle, digest, facts, cluster"
        " FROM items ORDER BY item_id"
    )
    return [WorkItem(*map(restored, row)) for row in connection.execute(query)]


def prompts(connection: psycopg.Connection, most: int = 8000) -> Iterator[tuple[int, str]]:
    """Yield the distinct prompts of each attempted item, each cut at `most` characters.

    A prompt is the opening of a conversation, whichever agent answered; if that is only a
    greeting, the item's title precedes it. Items are named by their place in the catalogue
    and come in this order.

    Args:
        connection: of one snapshot.
    """
    last, own = -1, set()
    with connection.cursor("asked") as cursor:
        for some in _batches(cursor.execute(_ASKED)):
            said = _openings(connection, [turn for _, turn in some], most)
            for item, turn in some:
                last, own = item, own if item == last else set()
                text = said[turn]
                if text and text not in own and len(own) < _PHRASED:
                    own.add(text)
                    yield item, text


def _openings(connection: psycopg.Connection, turns: list[int], most: int) -> dict[int, str]:
    """Return the prompt of each turn; '' where nothing was asked."""
    found = {}
    with connection.cursor("said") as cursor:
        cursor.itersize = _AT_ONCE
        for turn, item_id, title, messages in cursor.execute(_SAID, [turns]):
            said = _list(messages)
            if "\u241b" in messages:  # without it nothing was escaped
                said = restored(said)
            asked = openings.opening(said)[:most]
            named = title not in (None, item_id) and not openings.telling(asked)
            text = f"{title}\n{asked}" if named else asked
            found[turn] = text if asked.strip() else ""
    return found


def _batches(rows_: Iterable) -> Iterator[list]:
    rows_ = iter(rows_)
    while some := list(islice(rows_, _OPENINGS)):
        yield some


def regroup(connection: psycopg.Connection, groups: Mapping[str, str]) -> None:
    """Give items another group; rows of runs keep a group that has a split."""
    values = [list(map(escape, groups.values())), list(map(escape, groups))]
    connection.execute(_MOVE_ITEMS, values)
    connection.execute(_MOVE_WORK_ITEMS, values)


def splits(connection: psycopg.Connection) -> dict[str, Split]:
    """Return the split of every group that has one."""
    found = connection.execute("SELECT group_key, split FROM splits ORDER BY group_key")
    return {unescape(group): Split(split) for group, split in found}


def assign_splits(connection: psycopg.Connection, mapping: Mapping[str, Split], salt: str) -> None:
    """Assign groups to splits. A group that has a split keeps it."""
    groups = sorted(mapping)
    sides = [Split(mapping[group]).value for group in groups]
    connection.execute(
        "INSERT INTO splits (group_key, split, salt) SELECT group_key, split, %s"
        " FROM unnest(%s::text[], %s::text[]) AS new (group_key, split)"
        " ON CONFLICT (group_key) DO NOTHING",
        [escape(salt), [escape(group) for group in groups], sides],
    )


def _list(raw: str) -> list[Any]:
    value = orjson.loads(raw)
    return value if isinstance(value, list) else []
