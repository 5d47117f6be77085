"""Statements about all that one source wrote; `%(key)s` is its key, `%(ids)s` are items."""

from __future__ import annotations

from psycopg import sql

OWN = "SELECT id FROM runs WHERE config -> 'source' ->> 'key' = %(key)s"
"""The ids of a source's runs."""

FORGET = [
    sql.SQL(
        "CREATE TEMP TABLE gone ON COMMIT DROP AS"
        " SELECT w.item_id, w.group_key FROM work_items w WHERE run_id IN ({own}) UNION"
        " SELECT i.item_id, i.group_key FROM items i JOIN work_items w USING (item_id)"
        " WHERE w.run_id IN ({own})"
    ).format(own=sql.SQL(OWN)),
    *(
        sql.SQL(
            "DELETE FROM label_flags WHERE target_table = {} AND target_id IN"
            " (SELECT id FROM {} WHERE {} IN ({}))"
        ).format(sql.Literal(table), sql.Identifier(table), sql.Identifier(column), sql.SQL(OWN))
        for table, column in (
            ("attempts", "run_id"),
            ("turns", "run_id"),
            ("tip_retrievals", "run_id"),
            ("tips", "source_run_id"),
        )
    ),
    sql.SQL("DELETE FROM tips WHERE source_run_id IN ({})").format(sql.SQL(OWN)),
    sql.SQL("DELETE FROM runs WHERE id IN ({})").format(sql.SQL(OWN)),
    # Only items that no other source attempted and no survey described; then their splits.
    sql.SQL(
        "DELETE FROM items i USING gone WHERE i.item_id = gone.item_id AND full_cycle IS NULL"
        " AND severity = '' AND facts = '{}'"
        " AND NOT EXISTS (SELECT FROM work_items w WHERE w.item_id = i.item_id)"
    ),
    sql.SQL(
        "DELETE FROM splits s USING gone WHERE s.group_key = gone.group_key"
        " AND NOT EXISTS (SELECT FROM items i WHERE i.group_key = s.group_key)"
        " AND NOT EXISTS (SELECT FROM work_items w WHERE w.group_key = s.group_key)"
    ),
    sql.SQL("DELETE FROM skill_settings WHERE key = %(key)s"),
]
"""Delete everything that a source wrote, in this order."""

WITHDRAW = [
    *(
        sql.SQL(
            "DELETE FROM label_flags WHERE target_table = {} AND target_id IN (SELECT id FROM {}"
            " WHERE run_id IN ({}) AND item_id = ANY(%(ids)s))"
        ).format(sql.Literal(table), sql.Identifier(table), sql.SQL(OWN))
        for table in ("attempts", "turns")
    ),
    sql.SQL("DELETE FROM work_items WHERE run_id IN ({}) AND item_id = ANY(%(ids)s)").format(
        sql.SQL(OWN)
    ),
    sql.SQL(
        "DELETE FROM items i WHERE i.item_id = ANY(%(ids)s) AND full_cycle IS NULL"
        " AND severity = '' AND facts = '{}'"
        " AND NOT EXISTS (SELECT FROM work_items w WHERE w.item_id = i.item_id)"
    ),
]
"""Delete what a source wrote of items by id; groups keep their splits."""

HIGHEST = """
SELECT asked.run_id, asked.item_id, (
    SELECT max(attempt_num) FROM attempts a
    WHERE (a.run_id, a.item_id) = (asked.run_id, asked.item_id)
) FROM unnest(%s::text[], %s::text[]) asked (run_id, item_id)
"""
"""The highest attempt number of each pair of run and item."""

SUMMED_UP = """
UPDATE runs SET summary = summary || '{"summed_up": true}' WHERE id = %(run)s
AND NOT EXISTS (SELECT FROM work_items WHERE run_id = %(run)s AND outcome IS NOT NULL)
"""
"""Note that no outcome of an item is the source's, so that each is summed up anew later."""

GIVEN = "UPDATE runs SET summary = summary - 'summed_up' WHERE id = %s AND summary ? 'summed_up'"
"""Note that the source has outcomes of items, which stay as they are."""

ITEMS = """
UPDATE work_items w SET attempts = seen.attempts, wall_time_s = seen.seconds,
    outcome = coalesce(
        CASE WHEN NOT r.summary ? 'summed_up' THEN w.outcome END,
        CASE WHEN passed THEN 'completed' WHEN judged THEN 'escalated' END)
FROM (
    SELECT run_id, item_id, count(*) AS attempts, sum(wall_time_s) AS seconds,
           bool_or(eval_passed) AS passed, bool_or(NOT infrastructure) AS judged
    FROM attempts WHERE run_id = %s GROUP BY run_id, item_id
) seen JOIN runs r ON r.id = seen.run_id
WHERE (w.run_id, w.item_id) = (seen.run_id, seen.item_id)
"""
"""Sum up the items of a run; one without an outcome of its source is completed if a try passed."""

RUN = """
UPDATE runs r SET status = %s, ended_at = now(), summary = summary || jsonb_build_object(
    'ingested', jsonb_build_object('items', seen.items, 'attempts', seen.attempts,
        'passed', seen.passed, 'without_verdict', seen.blind))
FROM (
    SELECT count(DISTINCT item_id) AS items, count(*) AS attempts,
           count(*) FILTER (WHERE eval_passed) AS passed,
           count(*) FILTER (WHERE infrastructure) AS blind
    FROM attempts WHERE run_id = %s
) seen
WHERE r.id = %s
"""
"""Sum up a run, and end it."""
