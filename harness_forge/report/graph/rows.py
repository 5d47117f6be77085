"""What the store knows of runs, items, attempts, tips and retrievals, as the graph has it.

The mirror and the answers without a graph read through this module, so they
cannot differ. Evaluation runs are left out, and of items that are held out or
quarantined no outcome is read: to read one is a look, which the ledger of looks counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

Facts = dict[str, Any]

_OPEN = "coalesce(s.split, '') NOT IN ('holdout', 'quarantine')"

RUNS = """
SELECT r.id, r.policy, r.status, r.started_at, r.ended_at, r.evaluator, r.evaluator_version,
  (SELECT count(*) FROM attempts a WHERE a.run_id = r.id) AS attempts
FROM runs r WHERE r.purpose = 'collect' AND
"""

MARKS = f"""
SELECT r.id, md5(concat_ws('|', 1, r.policy, r.status, r.started_at, r.ended_at, r.evaluator,
    r.evaluator_version,
    (SELECT concat(count(*), ':', sum(row_hash)) FROM attempts a WHERE a.run_id = r.id),
    (SELECT concat(count(*), ':', sum(row_hash)) FROM tip_retrievals q WHERE q.run_id = r.id),
    (SELECT concat(count(*), ':', sum(row_hash)) FROM tips t WHERE t.source_run_id = r.id),
    (SELECT sum(hash_record_extended(ROW(w.item_id, w.title, w.family, w.group_key, {_OPEN}), 0))
     FROM work_items w LEFT JOIN splits s USING (group_key) WHERE w.run_id = r.id)
  )) AS mark
FROM runs r WHERE r.purpose = 'collect'
"""  # noqa: S608
"""A digest of each run that changes when anything of it does that the graph has."""

RULES = """
SELECT DISTINCT ON (w.item_id) w.item_id AS id, w.title, w.category, w.family, w.severity
FROM work_items w JOIN runs r ON r.id = w.run_id AND r.purpose = 'collect'
ORDER BY w.item_id, r.started_at DESC, r.id DESC
"""

ATTEMPTS = f"""
SELECT a.id, a.run_id, a.item_id, w.title, w.family, a.attempt_num, a.origin, a.variant, a.model,
  a.adapter, CASE WHEN {_OPEN} THEN a.eval_passed END AS eval_passed,
  CASE WHEN {_OPEN} THEN a.outcome_value END AS outcome_value,
  CASE WHEN {_OPEN} THEN a.outcome_confidence END AS outcome_confidence,
  CASE WHEN {_OPEN} THEN a.failure_mode END AS failure_mode,
  a.infrastructure, a.evaluator, a.evaluator_version
FROM attempts a JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN splits s USING (group_key)
WHERE
"""  # noqa: S608

TIPS = """
SELECT t.id, t.text, t.tip_type, t.mechanism, t.source_attempt_id, t.source_run_id,
  t.source_rule_id, t.retired_reason
FROM tips t LEFT JOIN runs r ON r.id = t.source_run_id
WHERE r.purpose IS DISTINCT FROM 'evaluate' AND
"""

RETRIEVALS = f"""
SELECT q.id, q.attempt_id, q.tip_id, a.run_id, a.item_id, q.rank, q.included, q.probability,
  CASE WHEN q.included AND a.origin = 'model' AND NOT a.infrastructure AND {_OPEN}
    THEN CASE WHEN a.eval_passed THEN 'helped' ELSE 'hurt' END ELSE '' END AS verdict
FROM tip_retrievals q
JOIN attempts a ON a.id = q.attempt_id
JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN splits s USING (group_key)
JOIN tips t ON t.id = q.tip_id
LEFT JOIN runs tr ON tr.id = t.source_run_id
WHERE tr.purpose IS DISTINCT FROM 'evaluate' AND
"""  # noqa: S608
"""`verdict` is the evidence for a tip: a model was shown it, and passed or failed."""


def read(connection: psycopg.Connection, query: str, values: Sequence[Any] = ()) -> Iterator[Facts]:
    """Yield rows through a server-side cursor, without empty values, times as text."""
    from psycopg.rows import dict_row

    with connection.cursor(name="graph", row_factory=dict_row) as cursor:
        cursor.itersize = 5000
        cursor.execute(query, values)
        for row in cursor:
            yield plain(row)


def plain(row: Mapping[str, Any]) -> Facts:
    """Return a row as a graph gives it back: no empty values, times as text."""
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in row.items()
        if value is not None
    }


def store_of(connection: psycopg.Connection) -> str:
    """Return what tells this store from every other one."""
    import psycopg

    try:
        with connection.transaction():
            query = "SELECT system_identifier FROM pg_control_system()"
            (server,) = connection.execute(query).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        server = f"{connection.info.host}:{connection.info.port}"
    return f"{server}/{connection.info.dbname}"


def key(skill: str, one: Any) -> str:
    """Return the key of a node of a skill."""
    return f"{skill}/{one}"
