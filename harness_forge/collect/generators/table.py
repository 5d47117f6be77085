"""The generators, by name, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness_forge.collect.generators import (
    calls,
    changes,
    handlers,
    imports,
    presence,
    sections,
    sessions,
    signatures,
    steps,
    summaries,
    tables,
    targeted,
    tools,
)
from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.rows import QuestionRow

GENERATORS: Mapping[str, Callable[[Context], Iterator[QuestionRow]]] = {
    "signatures": signatures.rows,
    "calls": calls.rows,
    "imports": imports.rows,
    "handlers": handlers.rows,
    "summaries": summaries.rows,
    "presence": presence.rows,
    "changes": changes.rows,
    "sections": sections.rows,
    "tables": tables.rows,
    "steps": steps.rows,
    "tools": tools.rows,
    "sessions": sessions.rows,
    "targeted": targeted.rows,
}
"""`targeted` comes last: it asks what the others made."""
