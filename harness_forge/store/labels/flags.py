"""Reads the flags of a row with their evidence, for people and for the trace of a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness_forge.store.labels.checks import CHECKS

if TYPE_CHECKING:
    import psycopg

# As in the views: a flag of an attempt also concerns its turns and tips.
_CONCERNS: Mapping[str, str] = {
    "attempts": """
        SELECT unnest(%(ids)s::bigint[]) AS id, 'attempts' AS target_table,
            unnest(%(ids)s::bigint[]) AS target_id
        UNION ALL
        SELECT attempt_id, 'turns', id FROM turns
        WHERE attempt_id = ANY(%(ids)s::bigint[]) AND decisive
    """,
    "turns": """
        SELECT id, 'turns' AS target_table, id AS target_id FROM turns
        WHERE id = ANY(%(ids)s::bigint[])
        UNION ALL
        SELECT id, 'attempts', attempt_id FROM turns WHERE id = ANY(%(ids)s::bigint[])
    """,
    "tip_retrievals": """
        SELECT q.id, o.target_table, o.target_id FROM tip_retrievals q
        CROSS JOIN LATERAL (VALUES ('tip_retrievals', q.id), ('tips', q.tip_id),
            ('attempts', q.attempt_id)) AS o (target_table, target_id)
        WHERE q.id = ANY(%(ids)s::bigint[])
    """,
    "tips": """
        SELECT unnest(%(ids)s::bigint[]) AS id, 'tips' AS target_table,
            unnest(%(ids)s::bigint[]) AS target_id
    """,
}

_FLAGS = "f.target_table, f.target_id, f.reason, f.evidence, f.evaluator"


@dataclass(frozen=True)
class Flag:
    """Why a label is not trusted.

    Args:
        target: the row that was flagged, such as `attempts:12`.
        evidence: what a person can check; strings as the store holds them.
        kind, why: the check's; '' if no check has this reason.
    """

    target: str
    reason: str
    evidence: Mapping[str, Any]
    evaluator: str
    kind: str = ""
    why: str = ""


def flags_of(
    connection: psycopg.Connection, table: str, ids: Sequence[int]
) -> dict[int, list[Flag]]:
    """Return the flags of each row, including those of its attempt, item or run.

    A turn has its attempt's flags, an attempt those of its decisive turn, a
    retrieval those of its tip and its attempt, as in the views of exports.

    Args:
        connection: its search path is the skill's schema.
        table: attempts, turns, tips or tip_retrievals.

    Returns:
        Row id to flags; an empty list for a row without flags.
    """
    query = (
        f"SELECT c.id, {_FLAGS} FROM ({_CONCERNS[table]}) c"  # noqa: S608
        " JOIN label_flags f USING (target_table, target_id)"
        " ORDER BY c.id, f.reason, f.target_table, f.target_id"
    )
    made: dict[int, list[Flag]] = {number: [] for number in ids}
    for number, *row in connection.execute(query, {"ids": list(ids)}):
        made[number].append(_flag(*row))
    return made


def count_flags(
    connection: psycopg.Connection, reasons: Sequence[str] = ()
) -> list[tuple[str, str, str, int]]:
    """Return counts of flags by reason, table and evaluator, all or those with one of `reasons`."""
    query = (
        "SELECT reason, target_table, evaluator, count(*) FROM label_flags"
        " WHERE cardinality(%(reasons)s::text[]) = 0 OR reason = ANY(%(reasons)s::text[])"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return connection.execute(query, {"reasons": list(reasons)}).fetchall()


def list_flags(
    connection: psycopg.Connection, reasons: Sequence[str] = (), limit: int = 20
) -> list[Flag]:
    """Return flags, all or those with one of `reasons`, oldest rows first."""
    query = (
        f"SELECT {_FLAGS} FROM label_flags f"  # noqa: S608
        " WHERE cardinality(%(reasons)s::text[]) = 0 OR reason = ANY(%(reasons)s::text[])"
        " ORDER BY f.reason, f.target_table, f.target_id LIMIT %(limit)s"
    )
    rows: Iterable = connection.execute(query, {"reasons": list(reasons), "limit": limit})
    return [_flag(*row) for row in rows]


def _flag(table: str, number: int, reason: str, evidence: Any, evaluator: str) -> Flag:
    check = CHECKS.get(reason)
    kind, why = (str(check.kind), check.why) if check else ("", "")
    return Flag(f"{table}:{number}", reason, evidence, evaluator, kind, why)
