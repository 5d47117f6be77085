"""The plain keys of `export.select` as SQL conditions with bound values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

from harness_forge.config.export import ExportConfig, RequiredConsent, SelectConfig
from harness_forge.core.errors import ExportError

PREFIX = "select_"
"""Begins the names of the bound values, so that they meet none of `params`."""

_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "policy": (
        "other_policy",
        "policy = ANY({}::text[]) OR split_part(policy, ':', 1) = ANY({}::text[])",
    ),
    "model": ("other_model", "model = ANY({}::text[])"),
    "run": ("other_run", "run_id = ANY({}::text[])"),
    "min_value": ("low_value", "outcome_value >= {}::float8"),
    "max_value": ("high_value", "outcome_value <= {}::float8"),
    "min_confidence": ("low_confidence", "outcome_confidence >= {}::float8"),
    "min_attempt": ("early_attempt", "attempt_num >= {}::int"),
    "max_attempt": ("late_attempt", "attempt_num <= {}::int"),
    "since": ("too_old", "run_started_at >= {}::timestamptz"),
    "until": ("too_new", "run_started_at < {}::timestamptz"),
}
"""Key to the reason of a row that fails it, and to the condition."""


_CONSENT = (
    "run_id IN (SELECT runs.id FROM runs WHERE runs.config -> 'source' IS NULL"
    " OR runs.config #>> '{source,consent}' = 'granted')"
)


class Condition(NamedTuple):
    """A condition on a row: its SQL, the reason of rows that fail it, and the recipe's key."""

    reason: str
    sql: str
    place: str


def conditions(config: ExportConfig) -> Iterator[Condition]:
    """Yield the conditions of the configured keys, then those of `where` and `consent`."""
    for key in _set(config.select):
        reason, sql = _CONDITIONS[key]
        name = f"%({PREFIX}{key})s"
        yield Condition(reason, sql.replace("{}", name), f"export.select.{key}")
    if config.where and config.where.strip():
        yield Condition("not_selected", config.where.strip(), "export.where")
    if config.consent is RequiredConsent.granted:
        yield Condition("no_consent", _CONSENT, "export.consent")


def values(select: SelectConfig) -> dict[str, Any]:
    """Return the values to bind, by name.

    Raises:
        ExportError: a date is none.
    """
    return {PREFIX + key: _bound(key, getattr(select, key)) for key in _set(select)}


def _bound(key: str, value: Any) -> Any:
    if key not in ("since", "until"):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ExportError(
            f"export.select.{key}", f"'{value}' is no date", "write it like 2026-11-21"
        ) from None
    # The same rows whatever time zone the server is set to.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _set(select: SelectConfig) -> list[str]:
    known = (field.name for field in fields(select))
    return [key for key in known if getattr(select, key) not in (None, [])]
