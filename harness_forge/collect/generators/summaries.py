"""A long docstring in one sentence: the one that its author wrote first."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.python_source import definitions, lines_of
from harness_forge.collect.generators.rows import QuestionRow, asked

_FEWEST_WORDS, _MOST_WORDS, _LONG = 4, 30, 20


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each function whose docstring goes on after its first sentence."""
    for file in context.repository.ending(".py"):
        for one in definitions(file.text):
            first, _, rest = one.docstring.partition("\n\n")
            words = len(first.split())
            terse = _FEWEST_WORDS <= words <= _MOST_WORDS and len(rest.split()) >= _LONG
            if not terse or "\n" in first or not first.endswith("."):
                continue
            citation = context.cite(file, *lines_of(one.whole))
            if citation:
                yield asked(
                    f"Say in one sentence what `{one.name}` does.",
                    first,
                    f"{file.path}::{one.name}",
                    citation,
                    facts=[first],
                )
