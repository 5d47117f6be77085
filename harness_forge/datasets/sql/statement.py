"""The one statement an export sends: the recipe's SQL, its conditions, its order.

Conditions are answered by the server as a CASE over the recipe's rows, so a
rejected row costs no more than its name. Every line of the statement knows
where in the recipe it came from, so that a fault can be shown there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from harness_forge.config.export import ExportConfig, ExportKind
from harness_forge.core.errors import ExportError
from harness_forge.core.hints import did_you_mean
from harness_forge.datasets.sql import selection
from harness_forge.datasets.sql.rows import COLUMNS, OPTIONAL, PAYLOAD

_PARAMETER = re.compile(r"%\((\w+)\)s")
MUST_RETURN = "export.sql must return "
_REASON = re.compile(r"[a-z][a-z0-9_]*")

# Pairs are counted by prompt, also those of rows without their text.
_ASKED = "hashtextextended(q.messages::text, hashtextextended(coalesce(q.tools::text, ''), 0))"


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `$1` placeholders, their values, and the recipe key of each line.

    Args:
        places: one recipe key a line of `text`; '' where we wrote the line.
    """

    text: str
    values: tuple[Any, ...]
    places: tuple[str, ...]

    def early(self) -> Statement:
        """Return the statement with a plan that returns the first rows early.

        The limit is none, but in a form that the server cannot know beforehand: it then
        plans for a tenth of the rows, as for a cursor (`cursor_tuple_fraction`).
        """
        return replace(
            self,
            text=f"{self.text}\nLIMIT (SELECT NULL::bigint)",
            places=(*self.places, ""),
        )


class _Lines:
    """Collects SQL lines with their recipe keys; numbers the named parameters."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params, self.numbers = params, {}
        self.lines: list[str] = []
        self.places: list[str] = []

    def add(self, text: str, place: str = "") -> None:
        for number, line in enumerate(text.split("\n"), start=1):
            where = f"{place} line {number}" if place and "\n" in text else place
            self.lines.append(_PARAMETER.sub(lambda m, at=where: self._number(m[1], at), line))
            self.places.append(where)

    def statement(self) -> Statement:
        values = tuple(_plain(self.params[name]) for name in self.numbers)
        return Statement("\n".join(self.lines), values, tuple(self.places))

    def _number(self, name: str, where: str) -> str:
        if name not in self.params:
            known = ", ".join(self.params) or "none"
            hint = did_you_mean(name, self.params)
            raise ExportError(where, f"no parameter '{name}'", f"{hint}export.params has: {known}")
        return f"${self.numbers.setdefault(name, len(self.numbers) + 1)}"


def _plain(value: Any) -> Any:
    # A parameter may be another key of the recipe, and that one of a few choices.
    return value.value if isinstance(value, Enum) else value


def build(config: ExportConfig, returned: Iterable[str] = ()) -> Statement:
    """Return the statement of a recipe.

    Args:
        returned: columns that the recipe's SQL is known to return; of these
            the optional ones are read too.

    Raises:
        ExportError: SQL or order is missing, a reason is no plain word, or a
            parameter is not given.
    """
    for key in ("sql", "order_by"):
        if not getattr(config, key).strip():
            raise ExportError(f"export.{key}", "is empty", "see conf/export/worker_sft.yaml")
    lines = _Lines({**config.params, **selection.values(config.select)})
    lines.add("SELECT")
    returned = set(returned)
    for name in (*COLUMNS, *sorted(returned.intersection(OPTIONAL))):
        lines.add(f"  q.{name},", MUST_RETURN + name)
    for name in PAYLOAD:
        lines.add(
            f"  CASE WHEN r.reason IS NULL THEN q.{name} END AS {name},",
            MUST_RETURN + name,
        )
    if "evidence" in returned:
        lines.add("  CASE WHEN r.reason IS NULL THEN q.evidence END AS evidence,")
    if config.kind is ExportKind.dpo:
        lines.add(f"  {_ASKED} AS asked,")
    lines.add("  r.reason\nFROM (")
    lines.add(config.sql.strip().rstrip(";"), "export.sql")
    lines.add(") AS q CROSS JOIN LATERAL (SELECT CASE")
    required = conditions(config).items()
    for reason, condition, place in (
        *selection.conditions(config),
        *((reason, sql, f"export.require.{reason}") for reason, sql in required),
    ):
        lines.add("WHEN (")
        lines.add(condition, place)
        lines.add(f") IS NOT TRUE THEN '{reason}'")
    # A CASE needs one WHEN even where every condition is switched off.
    lines.add("WHEN false THEN '' END AS reason) AS r\nORDER BY")
    lines.add(config.order_by, "export.order_by")
    return lines.statement()


def probe(config: ExportConfig) -> Statement:
    """Return a statement without rows, with the columns of the recipe's SQL."""
    lines = _Lines(config.params)
    lines.add("SELECT * FROM (")
    lines.add(config.sql.strip().rstrip(";"), "export.sql")
    lines.add(") AS q LIMIT 0")
    return lines.statement()


def conditions(config: ExportConfig) -> dict[str, str]:
    """Return the conditions that are switched on, in order."""
    for reason in config.require:
        if not _REASON.fullmatch(reason):
            raise ExportError(
                f"export.require.{reason}", "is no plain word", "use a-z, digits and _"
            )
    return {
        reason: str(condition).strip()
        for reason, condition in config.require.items()
        if condition is not None and str(condition).strip().lower() not in ("", "true")
    }
