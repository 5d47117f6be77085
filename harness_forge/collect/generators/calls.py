"""Which functions a function calls."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.python_source import definitions, lines_of
from harness_forge.collect.generators.rows import QuestionRow, asked

_FEWEST, _MOST = 2, 12


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each function that makes some calls."""
    for file in context.repository.ending(".py"):
        for one in definitions(file.text):
            calls = one.calls
            citation = context.cite(file, *lines_of(one.whole))
            if citation and _FEWEST <= len(calls) <= _MOST:
                yield asked(
                    f"What does `{one.name}` call by name, in the order in which it stands there?"
                    " Name each once.",
                    "\n".join(f"- `{name}`" for name in calls),
                    f"{file.path}::{one.name}",
                    citation,
                )
