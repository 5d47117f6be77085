"""Runs, newest first, with counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from harness_forge.store.escaping import escape, restored

COUNTED = 2_000
"""Attempts of a run that are counted at most: to count a million takes longer than a page may."""

_PAGE = f"""
SELECT r.id, r.policy, r.purpose, r.status, r.started_at, r.ended_at, r.evaluator,
       r.evaluator_version, r.summary, c.attempts
FROM (SELECT * FROM runs WHERE %(id)s::text IS NULL OR (started_at, id) <
          (SELECT started_at, id FROM runs WHERE id = %(id)s)
      ORDER BY started_at DESC, id DESC LIMIT %(size)s) r
CROSS JOIN LATERAL (
    SELECT count(*) AS attempts
    FROM (SELECT FROM attempts a WHERE a.run_id = r.id LIMIT {COUNTED + 1}) first
) c
ORDER BY r.started_at DESC, r.id DESC
"""  # noqa: S608

_OUTCOMES = """
WITH tried AS (
    SELECT run_id, item_id, count(*) AS attempts, bool_or(eval_passed) AS passed,
           bool_and(infrastructure) AS lost, count(*) FILTER (WHERE infrastructure) AS no_verdict
    FROM attempts GROUP BY run_id, item_id
)
SELECT r.id, r.policy, r.purpose, r.status, r.started_at, r.ended_at,
       count(w.item_id) FILTER (WHERE w.outcome IS NOT NULL) AS items,
       count(w.item_id) FILTER (WHERE NOT coalesce(t.lost, false)
                                AND (t.passed OR w.outcome = 'completed')) AS passed,
       coalesce(sum(t.attempts), 0)::bigint AS attempts,
       coalesce(sum(t.no_verdict), 0)::bigint AS without_verdict
FROM runs r
LEFT JOIN work_items w ON w.run_id = r.id
LEFT JOIN tried t ON t.run_id = w.run_id AND t.item_id = w.item_id
GROUP BY r.id ORDER BY r.started_at DESC, r.id DESC
"""

_OVERVIEW = """
SELECT (SELECT count(*) FROM runs),
       (SELECT reltuples FROM pg_class WHERE oid = 'attempts'::regclass),
       (SELECT id FROM runs ORDER BY started_at DESC, id DESC LIMIT 1)
"""
_COUNT = f"SELECT count(*) FROM (SELECT FROM attempts LIMIT {COUNTED + 1}) first"  # noqa: S608


@dataclass(frozen=True)
class SkillOverview:
    """What a skill holds.

    Args:
        estimated: `attempts` is what the server's statistics say.
        newest: the run started last; '' for none.
    """

    runs: int
    attempts: int
    estimated: bool
    newest: str


def overview(connection: psycopg.Connection) -> SkillOverview:
    """Return how much there is; many attempts are estimated, for counting them takes long."""
    number, estimate, newest = connection.execute(_OVERVIEW).fetchone()
    counted = connection.execute(_COUNT).fetchone()[0]
    exact = counted <= COUNTED
    attempts = counted if exact else max(int(estimate), counted)
    return SkillOverview(number, attempts, not exact, restored(newest or ""))


def outcomes(connection: psycopg.Connection) -> list[Mapping[str, Any]]:
    """Return every run with its finished items, those that passed in the end, and its attempts.

    A harness may write outcomes of items and not every attempt: an item passed as
    `store.episodes` says. All attempts are counted, however many there are.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return [restored(row) for row in cursor.execute(_OUTCOMES).fetchall()]


def page(
    connection: psycopg.Connection, after: str | None = None, size: int = 25
) -> tuple[Sequence[Mapping[str, Any]], str | None]:
    """Return runs with every fact of `_PAGE`, and the run that the next page begins after.

    Args:
        after: a run; the page begins with the next older one. None for the newest.

    Raises:
        LookupError: there is no such run.
    """
    named = None if after is None else escape(after)
    if named is not None and not _is_run(connection, named):
        raise LookupError(after)
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_PAGE, {"id": named, "size": size + 1}).fetchall()
    rows = [restored(row) for row in found[:size]]
    return rows, rows[-1]["id"] if len(found) > size else None


def _is_run(connection: psycopg.Connection, run: str) -> bool:
    return connection.execute("SELECT FROM runs WHERE id = %s", [run]).fetchone() is not None
