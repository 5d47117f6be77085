"""Audits one skill: runs the checks, and makes the flags in the store match the findings.

One transaction writes all flags of an audit or none. The same store gives the
same flags; a flag is removed when its defect is gone. Flags with a reason that no
check has, such as a person's, are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness_forge.config.labels import LabelsConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean
from harness_forge.store.labels.audit_tables import create_tables
from harness_forge.store.labels.check import LabelCheck
from harness_forge.store.labels.checks import CHECKS, GEMMA_FORGE

if TYPE_CHECKING:
    import psycopg

_KEY = "label_audit"

_FOUND = """
INSERT INTO found
SELECT %(target)s, f.id, %(reason)s, %(kind)s, f.evidence, f.evaluator FROM ({select}) AS f
"""

_STALE = """
DELETE FROM label_flags f
WHERE f.reason = ANY(%(reasons)s::text[]) AND NOT EXISTS (
    SELECT FROM found WHERE found.target_table = f.target_table
        AND found.target_id = f.target_id AND found.reason = f.reason)
RETURNING f.reason
"""

_FRESH = """
INSERT INTO label_flags (target_table, target_id, reason, evidence, evaluator)
SELECT target_table, target_id, reason, evidence, evaluator FROM found
ORDER BY target_table, target_id, reason
ON CONFLICT (target_table, target_id, reason) DO UPDATE
SET evidence = excluded.evidence, evaluator = excluded.evaluator
WHERE (label_flags.evidence, label_flags.evaluator)
    IS DISTINCT FROM (excluded.evidence, excluded.evaluator)
RETURNING reason
"""

# Counts of each evaluator's attempts by verdict, after all checks.
_VERDICTS = """
SELECT s.evaluator, count(*),
    count(*) FILTER (WHERE s.infrastructure OR f.infrastructure),
    count(*) FILTER (WHERE f.flagged AND NOT (s.infrastructure OR f.infrastructure)),
    count(*) FILTER (WHERE s.passed AND NOT (s.infrastructure OR f.flagged)),
    count(*) FILTER (WHERE NOT (s.passed OR s.infrastructure OR f.flagged))
FROM audited s
CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS flagged, coalesce(bool_or(kind = 'infrastructure'), false)
    FROM found WHERE target_table = 'attempts' AND target_id = s.id
) AS f (flagged, infrastructure)
GROUP BY s.evaluator ORDER BY s.evaluator
"""

_NOTE = """
INSERT INTO skill_settings (key, value, updated_by)
SELECT %(key)s, jsonb_build_object('last', coalesce(max(id), 0)), 'forge labels' FROM audited
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()
"""

_UNAUDITED = """
SELECT count(*) FROM attempts a JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
WHERE a.id > coalesce((SELECT (value ->> 'last')::bigint FROM skill_settings WHERE key = %s), 0)
"""


_JUDGED = """
SELECT count(*), bool_or(coalesce(nullif(a.evaluator, ''), r.evaluator) = ANY (%(known)s::text[]))
FROM attempts a JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
WHERE a.id >
    coalesce((SELECT (value ->> 'last')::bigint FROM skill_settings WHERE key = %(key)s), 0)
    AND NOT a.infrastructure AND (a.eval_passed IS NOT NULL OR a.outcome_value IS NOT NULL)
"""


@dataclass(frozen=True)
class Counts:
    """An evaluator's attempts by verdict; the last four add up to `attempts`.

    Args:
        infrastructure: failed for reasons other than the answer, as recorded or as flagged.
        doubted: flagged for another reason.
        passed, failed: the other attempts.
    """

    attempts: int
    infrastructure: int
    doubted: int
    passed: int
    failed: int


@dataclass
class LabelAudit:
    """The result of an audit.

    Args:
        found: number of flags by reason, of every check that ran.
        written: how many of them are new or have other evidence.
        withdrawn: number of removed flags by reason.
        verdicts: counts by evaluator.
    """

    found: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, Counts] = field(default_factory=dict)


def audit_labels(connection: psycopg.Connection, config: LabelsConfig) -> LabelAudit:
    """Audit the labels of one skill and write its flags, in the open transaction.

    Args:
        connection: its search path is the skill's schema.

    Raises:
        ConfigError: a named check does not exist.
    """
    checks = chosen(config)
    # Two audits at once would write each other's flags.
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/labels', 0))"
    )
    concerned = create_tables(connection, config.gemma_forge)
    result = LabelAudit()
    for check in checks:
        idle = check.reason in GEMMA_FORGE and not concerned
        result.found[check.reason] = 0 if idle else _run(connection, check, config)
    result.withdrawn = _tally(connection.execute(_STALE, {"reasons": list(CHECKS)}))
    result.written = _tally(connection.execute(_FRESH))
    connection.execute("ANALYZE found")
    rows = connection.execute(_VERDICTS).fetchall()
    result.verdicts = {evaluator: Counts(*counts) for evaluator, *counts in rows}
    connection.execute(_NOTE, {"key": _KEY})
    return result


def clear_flags(connection: psycopg.Connection, reasons: Sequence[str] = ()) -> dict[str, int]:
    """Remove flags, all or those with one of `reasons`; return counts by reason.

    The next audit writes what it finds again.
    """
    query = "DELETE FROM label_flags"
    if reasons:
        query += " WHERE reason = ANY(%(reasons)s::text[])"
    gone = _tally(connection.execute(query + " RETURNING reason", {"reasons": list(reasons)}))
    connection.execute("DELETE FROM skill_settings WHERE key = %s", [_KEY])
    return gone


def count_unaudited(connection: psycopg.Connection) -> int:
    """Return how many attempts of collect runs are newer than the last audit."""
    return connection.execute(_UNAUDITED, [_KEY]).fetchone()[0]


def count_awaiting(connection: psycopg.Connection, config: LabelsConfig) -> tuple[int, int]:
    """Return how many judged attempts are newer than the last audit, and how many checks apply.

    Checks of gemma-forge's evaluators apply only to attempts that those evaluators judged.
    """
    values = {"known": list(config.gemma_forge), "key": _KEY}
    count, known = connection.execute(_JUDGED, values).fetchone()
    checks = [check for check in chosen(config) if known or check.reason not in GEMMA_FORGE]
    return count, len(checks) if count else 0


def chosen(config: LabelsConfig) -> list[LabelCheck]:
    """Return the checks that are switched on.

    Raises:
        ConfigError: there is no check of that name.
    """
    for name in config.checks:
        if name not in CHECKS:
            meant = did_you_mean(name, CHECKS)
            known = ", ".join(CHECKS)
            raise ConfigError(f"labels.checks.{name}", "no such check", f"{meant}checks: {known}")
    return [check for check in CHECKS.values() if config.checks.get(check.reason, True)]


def _run(connection: psycopg.Connection, check: LabelCheck, config: LabelsConfig) -> int:
    count = 0
    for table, select in check.selects.items():
        values = {
            "target": table,
            "reason": check.reason,
            "kind": str(check.kind),
            "gemma_forge": list(config.gemma_forge),
        }
        count += connection.execute(_FOUND.replace("{select}", select), values).rowcount
    return count


def _tally(rows: Iterable[tuple[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (reason,) in rows:
        counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items()))
