"""Marks that a person puts on an attempt: its label is bad, and why.

A mark is a flag of `label_flags` with the reason MARKED, so that exports leave the
attempt out as they do for flags of the audit, and `forge labels ls` and `forge trace`
show it. No check has this reason: an audit leaves marks alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness_forge.store import rows

if TYPE_CHECKING:
    import psycopg

MARKED = "marked_bad"
"""The reason of a person's flag."""
LONGEST = 1_000
"""Characters of a why."""

_AGAIN = """
ON CONFLICT (target_table, target_id, reason) DO UPDATE
SET evidence = excluded.evidence, evaluator = excluded.evaluator
"""
_BACK = """
DELETE FROM label_flags WHERE target_table = 'attempts' AND target_id = %s AND reason = %s
"""


def mark(connection: psycopg.Connection, attempt: int, why: str, who: str) -> bool:
    """Mark an attempt as bad; a second mark replaces the first. False if there is no attempt.

    Args:
        connection: its search path is the skill's schema; in a transaction.
        who: the person, as the operating system calls them.
    """
    if connection.execute("SELECT FROM attempts WHERE id = %s", [attempt]).fetchone() is None:
        return False
    when = datetime.now(UTC).isoformat(timespec="seconds")
    row = {
        "target_table": "attempts",
        "target_id": attempt,
        "reason": MARKED,
        "evidence": rows.jsonb({"why": why, "by": who, "at": when}),
        "evaluator": "a person",
    }
    rows.insert(connection, "label_flags", row, _AGAIN)
    return True


def take_back(connection: psycopg.Connection, attempt: int) -> bool:
    """Take a person's mark off an attempt; False if it had none."""
    return connection.execute(_BACK, [attempt, MARKED]).rowcount > 0
