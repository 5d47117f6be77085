"""The SQL of forgetting: which rows go, and in what order they are deleted.

Names of tables and columns are those below alone; values are bound. `%(kind)s` is what is
forgotten, `%(name)s` its name, `%(runs)s` the runs that go as a whole, `%(proxy)s` whether
everything goes that the proxy captured.
"""

# ruff: noqa: S608 - no text from outside goes into a statement

from __future__ import annotations

from harness_forge.store.forgetting.tombstones import TombstoneKind

LINES = ("attempts", "turns", "tip_retrievals", "tips")
"""Tables whose rows the lines of a dataset are made of."""

RUNS = {
    TombstoneKind.run: "SELECT id, config #>> '{source,key}' FROM runs WHERE id = %(name)s",
    TombstoneKind.source: "SELECT id, config #>> '{source,key}' FROM runs"
    " WHERE config #>> '{source,name}' = %(name)s ORDER BY id",
    TombstoneKind.item: "SELECT id, NULL FROM runs WHERE false",
}
"""Runs that go as a whole, with the note of the file that each was read from."""

_OF_ITEM = "(%(kind)s = 'item' AND {} = %(name)s)"
_CAPTURED = (
    "SELECT id FROM {table} WHERE %(proxy)s OR attempt_id IN (SELECT id FROM gone_attempts)"
    " OR (attempt_id IS NULL AND %(kind)s = 'run' AND run_id = %(name)s)"
    " OR (%(kind)s = 'item' AND item_id = %(name)s)"
)
GONE = {
    "attempts": "SELECT id FROM attempts WHERE run_id = ANY(%(runs)s) OR "
    + _OF_ITEM.format("item_id"),
    "turns": "SELECT id FROM turns WHERE run_id = ANY(%(runs)s)"
    " OR attempt_id IN (SELECT id FROM gone_attempts) OR " + _OF_ITEM.format("item_id"),
    "tips": "SELECT id FROM tips WHERE source_run_id = ANY(%(runs)s)"
    " OR source_attempt_id IN (SELECT id FROM gone_attempts)"
    " OR " + _OF_ITEM.format("source_rule_id"),
    "tip_retrievals": "SELECT id FROM tip_retrievals WHERE run_id = ANY(%(runs)s)"
    " OR attempt_id IN (SELECT id FROM gone_attempts)"
    " OR tip_id IN (SELECT id FROM gone_tips) OR " + _OF_ITEM.format("rule_id"),
    "run_events": "SELECT id FROM run_events WHERE run_id = ANY(%(runs)s) OR "
    + _OF_ITEM.format("rule_id"),
    "lessons_current": "SELECT id FROM lessons_current WHERE source_run_id = ANY(%(runs)s) OR "
    + _OF_ITEM.format("source_item_id"),
    "captures": _CAPTURED.format(table="captures"),
    "outcomes": _CAPTURED.format(table="outcomes"),
    "draws": "SELECT id FROM draws WHERE id IN (SELECT id FROM gone_captures) OR %(proxy)s"
    " OR (%(kind)s = 'item' AND item_id = %(name)s)",
}
"""Table to the ids of its rows that go; a later one may use those before it."""

COUNTS = {table: f"SELECT count(*) FROM gone_{table}" for table in GONE} | {
    "work_items": "SELECT count(*) FROM work_items WHERE run_id = ANY(%(runs)s) OR "
    + _OF_ITEM.format("item_id"),
    "items": "SELECT count(*) FROM items WHERE " + _OF_ITEM.format("item_id"),
}

SHOWN = """
SELECT count(DISTINCT q.attempt_id) FROM tip_retrievals q
WHERE q.tip_id IN (SELECT id FROM gone_tips) AND q.included AND q.attempt_id IS NOT NULL
    AND q.attempt_id NOT IN (SELECT id FROM gone_attempts)
"""

FILES = """
SELECT version ->> 1 FROM skill_settings
CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(value -> 'versions') = 'array' THEN value -> 'versions' END) AS version
WHERE key = ANY(%(keys)s)
"""

DELETE = (
    "CREATE TEMP TABLE gone_items ON COMMIT DROP AS"
    " SELECT item_id, group_key FROM work_items WHERE run_id = ANY(%(runs)s)",
    *(
        f"DELETE FROM label_flags WHERE target_table = '{table}'"
        f" AND target_id IN (SELECT id FROM gone_{table})"
        for table in LINES
    ),
    "CREATE TEMP TABLE gone_parts ON COMMIT DROP AS"
    " SELECT DISTINCT c.run_id, captured_places(c.shared) AS place FROM captures c"
    " WHERE c.id IN (SELECT id FROM gone_captures)",
    # Tips, captures and their like first: they point at attempts, not the other way round.
    *(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM gone_{table})"
        for table in reversed(GONE)
        if table != "attempts"
    ),
    # A part stays where a request that stays has it too.
    "DELETE FROM gone_parts g USING (SELECT run_id, captured_places(shared) AS place FROM captures"
    " WHERE run_id IN (SELECT run_id FROM gone_parts)) c"
    " WHERE (g.run_id, g.place) = (c.run_id, c.place)",
    "DELETE FROM captured_parts p USING gone_parts g"
    " WHERE (p.run_id, p.place) = (g.run_id, g.place)",
    "DROP TABLE gone_parts",
    "DELETE FROM attempts WHERE id IN (SELECT id FROM gone_attempts)",
    "DELETE FROM runs WHERE id = ANY(%(runs)s)",
    "DELETE FROM work_items WHERE " + _OF_ITEM.format("item_id"),
    # Its group keeps its split: what else is like it stays on the same side.
    "DELETE FROM items WHERE " + _OF_ITEM.format("item_id"),
    # Items that nobody else attempted and no survey described, then their splits.
    "DELETE FROM items i USING gone_items g WHERE i.item_id = g.item_id AND full_cycle IS NULL"
    " AND severity = '' AND facts = '{}'"
    " AND NOT EXISTS (SELECT FROM work_items w WHERE w.item_id = i.item_id)",
    "DELETE FROM splits s USING gone_items g WHERE s.group_key = g.group_key"
    " AND NOT EXISTS (SELECT FROM items i WHERE i.group_key = s.group_key)"
    " AND NOT EXISTS (SELECT FROM work_items w WHERE w.group_key = s.group_key)",
    "DROP TABLE gone_items",
    "DELETE FROM skill_settings WHERE key = ANY(%(keys)s)"
    " OR (%(kind)s = 'source' AND starts_with(key, %(notes)s))",
)
