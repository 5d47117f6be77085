"""Whether a function calls something: yes with the line, or no, as often."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.collect.generators.context import Context, draw
from harness_forge.collect.generators.python_source import definitions, lines_of, of, walk
from harness_forge.collect.generators.rows import QuestionRow, asked


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each function: half of them ask for a call that it does not make."""
    for file in context.repository.ending(".py"):
        found = definitions(file.text)
        called = sorted({name for one in found for name in one.calls})
        for one in found:
            citation = context.cite(file, *lines_of(one.whole))
            name = f"{file.path}::{one.name}"
            if not citation or not one.calls:
                continue
            others = [other for other in called if other not in citation.quote]
            holds = draw(name, "side") % 2 == 0
            choices = one.calls if holds else others
            if choices:
                asked_for = choices[draw(name) % len(choices)]
                yield (_yes if holds else _no)(one, asked_for, name, citation)


def _yes(one, called: str, name: str, citation) -> QuestionRow:
    nodes = walk(one.node.child_by_field_name("body"), "call", into=False)
    node = next(node for node in nodes if of(node.child_by_field_name("function")) == called)
    line = citation.quote.split("\n")[lines_of(node)[0] - citation.first].strip()
    answer = f"Yes, here:\n\n```python\n{line}\n```"
    return asked(_question(one, called), answer, name, citation, facts=[line])


def _no(one, called: str, name: str, citation) -> QuestionRow:
    answer = f"No. What is quoted does not call `{called}`."
    return asked(_question(one, called), answer, name, citation, absent=[called])


def _question(one, called: str) -> str:
    return f"Does `{one.name}`, as quoted, call `{called}`?"
