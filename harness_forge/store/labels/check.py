"""The shape of a label check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

_SQL = Path(__file__).with_name("sql")


class FlagKind(StrEnum):
    """What a flag says about a label."""

    INFRASTRUCTURE = "infrastructure"  # a failure, but not of the answer
    WRONG = "wrong"  # the evaluator could not know, or did not look
    INTERIM = "interim"  # a later check decides
    CONTRADICTED = "contradicted"  # the store itself says otherwise
    CUT = "cut"  # the label may be right, the text is not all there


@dataclass(frozen=True)
class LabelCheck:
    """One rule that finds labels that must not be trusted.

    Args:
        reason: the flag's name, and the check's.
        why: one line for people, without a full stop.
    """

    reason: str
    kind: FlagKind
    why: str

    @cached_property
    def selects(self) -> Mapping[str, str]:
        """Table to SQL: a SELECT of id, evaluator, evidence for the rows it flags there.

        It selects from the tables of sql/audit_tables.sql, and from the store's own
        if it needs texts. The same store always gives the same evidence.
        A file named for two tables, attempts and turns, also selects `worker_turn`:
        if the attempt has one, that turn is flagged, because the turns of other
        agents are complete.
        """
        selects = {}
        for file in sorted(_SQL.glob(f"{self.reason}.*.sql")):
            tables, text = file.name.split(".")[1:-1], file.read_text("utf-8")
            for table in tables:
                selects[table] = text if len(tables) == 1 else _OF[table].format(text)
        return selects


_OF = {
    "attempts": "SELECT id, evaluator, evidence FROM ({}) found WHERE worker_turn IS NULL",
    "turns": "SELECT worker_turn AS id, evaluator, evidence FROM ({}) found"
    " WHERE worker_turn IS NOT NULL",
}


def statements(name: str) -> list[str]:
    """Return the statements of a file in sql/, one by one."""
    whole = (_SQL / f"{name}.sql").read_text("utf-8")
    return [statement for statement in whole.split(";\n") if statement.strip()]
