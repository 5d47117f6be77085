"""Attempts by run, role and outcome, newest first."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from harness_forge.store.escaping import escape, restored

PASSED, FAILED, NONE = "passed", "failed", "no_verdict"
OUTCOMES: Mapping[str, str] = {
    PASSED: "a.eval_passed AND NOT a.infrastructure",
    FAILED: "NOT a.eval_passed AND NOT a.infrastructure",
    NONE: "a.infrastructure",
}
"""Outcome of an attempt to its condition."""

WORD = (
    f"CASE WHEN a.infrastructure THEN '{NONE}' WHEN a.eval_passed THEN '{PASSED}' "
    f"ELSE '{FAILED}' END AS verdict"
)
FLAGGED = (
    "EXISTS (SELECT FROM label_flags f WHERE f.target_table = 'attempts' AND f.target_id = a.id)"
    " AS flagged"
)

_SPANS = (2_000, 10_000, 25_000)
"""How many ids are looked through at once: at first, then, and from then on."""

_ROWS = f"""
SELECT a.id, a.run_id, a.item_id, a.attempt_num, a.failure_mode, a.model, a.adapter,
       a.created_at, w.title, r.purpose, {WORD}, {FLAGGED}
FROM attempts a JOIN runs r ON r.id = a.run_id
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
WHERE a.id = ANY(%s) ORDER BY a.id DESC
"""  # noqa: S608
_HIGHEST = "SELECT max(id) FROM attempts WHERE id < %(at)s"
_HIGHEST_OF_RUN = "SELECT max(id) FROM attempts WHERE run_id = %(run)s AND id < %(at)s"
_HIGHEST_WITHOUT_VERDICT = "SELECT max(id) FROM attempts WHERE infrastructure AND id < %(at)s"
_HIGHEST_OF_ROLE = (
    "SELECT max(attempt_id) FROM turns WHERE agent = %(role)s AND attempt_id < %(at)s"
)
# An index scan for each role, not one over all turns.
_ROLES = """
WITH RECURSIVE found (agent) AS (
    SELECT min(agent) FROM turns WHERE attempt_id IS NOT NULL
    UNION ALL
    SELECT (SELECT min(agent) FROM turns t WHERE t.agent > found.agent AND attempt_id IS NOT NULL)
    FROM found WHERE found.agent IS NOT NULL
)
SELECT agent FROM found WHERE agent IS NOT NULL LIMIT 50
"""


_LAST = 2**63 - 1
"""Above every id but one."""


@dataclass(frozen=True)
class AttemptsPage:
    """Some attempts.

    Args:
        rows: newest first; id, run_id, item_id, attempt_num, title, verdict, failure_mode,
            model, adapter, created_at, purpose, flagged.
        below: the next page has the ids below this one; None where nothing follows.
        searched: the page is short because its time was over, not because nothing follows.
    """

    rows: Sequence[Mapping[str, Any]]
    below: int | None
    searched: bool = False


def page(
    connection: psycopg.Connection,
    *,
    run: str = "",
    role: str = "",
    outcome: str = "",
    below: int | None = None,
    size: int = 50,
    time_s: float = 0.06,
) -> AttemptsPage:
    """Return the newest attempts that fit.

    Rows are looked through in spans of ids, so that rare ones cannot keep the caller
    waiting: when the time is over, the page has what was found until then.

    Args:
        run: of this run only; '' for any.
        role: with a turn of this agent; '' for any.
        outcome: one of OUTCOMES; '' for any.
        below: only ids below this one; None for the newest.
        time_s: seconds after which no further span is looked through.
    """
    asked = {"run": escape(run), "role": escape(role), "outcome": outcome}
    first = lowest = below if below is not None else _LAST
    found: list[int] = []
    began, number = time.monotonic(), 0
    while len(found) <= size and (at := _next(connection, asked, lowest)) is not None:
        if lowest != first and time.monotonic() - began > time_s:
            return AttemptsPage(_rows(connection, found), at, searched=True)
        # Where much was skipped, what fits is rare, and the next one is found by its index.
        number = 0 if at < lowest - _SPANS[0] else number
        lowest = max(at - _SPANS[min(number, len(_SPANS) - 1)], 0)
        found += _ids(connection, asked, lowest, at, size + 1 - len(found))
        number += 1
    more = len(found) > size
    return AttemptsPage(_rows(connection, found[:size]), found[size - 1] if more else None)


def roles(connection: psycopg.Connection) -> list[str]:
    """Return the agents that turns of attempts are of, sorted; at most 50."""
    return [restored(row[0]) for row in connection.execute(_ROLES)]


def _next(connection: psycopg.Connection, asked: Mapping[str, str], at: int) -> int | None:
    """Return one above the highest id below `at` that can fit; None where none is left."""
    queries = [_HIGHEST_OF_RUN] if asked["run"] else []
    queries += [_HIGHEST_OF_ROLE] if asked["role"] else []
    queries += [_HIGHEST_WITHOUT_VERDICT] if asked["outcome"] == NONE else []
    for query in queries or [_HIGHEST]:
        (highest,) = connection.execute(query, {**asked, "at": at}).fetchone()
        if highest is None:
            return None
        at = highest + 1
    return at


def _ids(
    connection: psycopg.Connection,
    asked: Mapping[str, str],
    lowest: int,
    at: int,
    most: int,
) -> list[int]:
    conditions = ["a.id >= %(lowest)s", "a.id < %(at)s"]
    conditions += ["a.run_id = %(run)s"] if asked["run"] else []
    conditions += [OUTCOMES[asked["outcome"]]] if asked["outcome"] else []
    if asked["role"]:
        conditions.append(
            "EXISTS (SELECT FROM turns t WHERE t.attempt_id = a.id AND t.agent = %(role)s"
            " AND t.attempt_id >= %(lowest)s AND t.attempt_id < %(at)s)"
        )
    query = f"SELECT a.id FROM attempts a WHERE {' AND '.join(conditions)}"  # noqa: S608
    values = {**asked, "lowest": lowest, "at": at, "most": most}
    rows = connection.execute(f"{query} ORDER BY a.id DESC LIMIT %(most)s", values)
    return [row[0] for row in rows]


def _rows(connection: psycopg.Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    if not ids:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        return [restored(row) for row in cursor.execute(_ROWS, [list(ids)])]
