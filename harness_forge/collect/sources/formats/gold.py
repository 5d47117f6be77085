"""Gold sets in YAML: rows that people wrote, each taken in only when somebody reviewed it.

Kept: messages, calls, tools, the row's kind as its family, the reviewer and the day as the run.
Not kept: rows that nobody reviewed, that were rejected, or that changed since (counted).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.gold import sets
from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.formats.reading import Format, each
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.values import LocatedValue

_ENDINGS = (".yaml", ".yml")


def _opened(path: Path, longest: int) -> Iterator[LocatedValue | LeftOut] | None:
    return _rows(path) if path.suffix.lower() in _ENDINGS else None


def _rows(path: Path) -> Iterator[LocatedValue | LeftOut]:
    for row in sets.rows(path):
        if isinstance(row, tuple):
            yield LeftOut(row[0], "misfit", row[1], malformed=True)
        elif row.state != sets.APPROVED:
            reason = "review_rejected" if row.state == sets.REJECTED else row.state
            yield LeftOut(row.place, reason, row.id)
        else:
            yield LocatedValue(row.place, {"gold": row})


def _conversations(record: Mapping[str, Any], path: Path) -> Iterable[Conversation]:
    row: sets.GoldRow = record["gold"]
    yield Conversation(
        item=row.id,
        family=row.kind,
        run=f"{row.by} {row.date}",
        messages=row.messages,
        tools=row.tools,
        outcome=True,
        started_at=row.date,
    )


FORMAT = Format(
    "gold", "a gold set", lambda record: False, each(_conversations), whole=True, opened=_opened
)
