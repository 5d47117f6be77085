"""Writes an attempt of a run with its turns, tips and retrievals, and reads the stored tips."""

from __future__ import annotations

import psycopg

from harness_forge.core.records import Attempt, WorkItem
from harness_forge.store import rows
from harness_forge.store.json_texts import JsonTexts
from harness_forge.store.shared_messages import shared_messages

TIPS = """
SELECT p.id, p.text, p.tip_type, p.mechanism, p.trigger_conditions,
       p.application_context, p.source_attempt_id, p.source_run_id,
       p.source_rule_id, p.outcome_at_source_value,
       p.outcome_at_source_confidence, s.split AS source_split
FROM tips p
LEFT JOIN runs r ON r.id = p.source_run_id
LEFT JOIN items i ON i.item_id = p.source_rule_id
LEFT JOIN splits s ON s.group_key = i.group_key
WHERE p.retired_at IS NULL AND (r.id IS NULL OR r.purpose = 'collect')
  AND (%s::text IS NULL OR r.id IS NULL OR (r.started_at, r.id) <
       (SELECT started_at, id FROM runs WHERE id = %s))
ORDER BY p.id DESC LIMIT %s
"""
"""The tips in use, newest first; parameters: a run id, the same again, most tips."""


def write(connection: psycopg.Connection, run_id: str, item: WorkItem, attempt: Attempt) -> int:
    """Write an attempt and return its id; an existing one is left unchanged."""
    rows.insert(
        connection,
        "work_items",
        rows.work_item_row(run_id, item),
        "ON CONFLICT (run_id, item_id) DO NOTHING",
    )
    index = rows.decisive_turn(attempt)
    decisive = None if index is None else attempt.turns[index]
    written = rows.insert(
        connection,
        "attempts",
        rows.attempt_row(run_id, attempt, decisive),
        "ON CONFLICT (run_id, item_id, attempt_num) DO NOTHING RETURNING id",
    ).fetchone()
    if written is None:
        return _id_of(connection, run_id, attempt)
    _write_parts(connection, run_id, written[0], attempt, index)
    return written[0]


def _id_of(connection: psycopg.Connection, run_id: str, attempt: Attempt) -> int:
    query = "SELECT id FROM attempts WHERE run_id = %s AND item_id = %s AND attempt_num = %s"
    return connection.execute(query, [run_id, attempt.item_id, attempt.attempt_num]).fetchone()[0]


def _write_parts(
    connection: psycopg.Connection,
    run_id: str,
    attempt_id: int,
    attempt: Attempt,
    decisive: int | None,
) -> None:
    texts = JsonTexts()
    shared = shared_messages(attempt, texts)
    for row in shared.rows(run_id, attempt_id) if shared else ():
        rows.insert(connection, "shared_messages", row)
    for place, turn in enumerate(attempt.turns):
        is_decisive = place == decisive
        row = rows.turn_row(run_id, attempt_id, attempt, place, turn, is_decisive, texts, shared)
        rows.insert(connection, "turns", row)
    for tip in attempt.tips:
        rows.insert(connection, "tips", rows.tip_row(run_id, attempt_id, attempt, tip))
    for drawn in attempt.retrievals:
        row = rows.retrieval_row(run_id, attempt_id, attempt, drawn)
        rows.insert(connection, "tip_retrievals", row)
