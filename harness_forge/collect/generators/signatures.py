"""What a function takes and returns, by its signature."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.python_source import definitions, lines_of
from harness_forge.collect.generators.rows import QuestionRow, asked


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each function with parameters of which the signature says something."""
    for file in context.repository.ending(".py"):
        for one in definitions(file.text):
            takes = one.parameters
            if not takes or not (one.returns or any(set(":=") & set(text) for text in takes)):
                continue
            citation = context.cite(file, *lines_of(one.whole))
            if citation:
                yield asked(
                    f"What does `{one.name}` take, and what does it return, by its signature?",
                    _answer(one),
                    f"{file.path}::{one.name}",
                    citation,
                    facts=[part for text in takes for part in text.split(" ")],
                )


def _answer(one) -> str:
    takes = "\n".join(f"- {text}" for text in one.parameters)
    returns = f"It returns `{one.returns}`." if one.returns else "It does not say what it returns."
    return f"It takes:\n{takes}\n\n{returns}"
