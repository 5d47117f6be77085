"""What runs where an exception is raised."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.python_source import (
    Definition,
    Node,
    definitions,
    lines_of,
    of,
    walk,
)
from harness_forge.collect.generators.repository import SourceFile
from harness_forge.collect.generators.rows import QuestionRow, asked


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each except clause that names its exceptions."""
    for file in context.repository.ending(".py"):
        for one in definitions(file.text):
            for node in walk(one.node, "try_statement", into=False):
                yield from _of_try(context, file, one, node)


def _of_try(
    context: Context, file: SourceFile, one: Definition, node: Node
) -> Iterator[QuestionRow]:
    clauses = [child for child in node.children if child.type == "except_clause"]
    for place, clause in enumerate(clauses):
        caught = [child for child in clause.named_children if child.type != "comment"]
        if len(caught) != 2 or caught[1].type != "block":
            continue
        citation = context.cite(file, *lines_of(node))
        if not citation:
            return
        raised = of(caught[0]).partition(" as ")[0]
        first, last = lines_of(caught[1])
        lines = file.lines[first - 1 : last]
        if first == lines_of(clause)[0]:  # `except A: pass`
            lines = [of(caught[1])]
        body = textwrap.dedent("\n".join(lines))
        number = f"{one.name}/{raised}/{place}/{_before(one, node)}"
        yield asked(
            f"In `{one.name}`, what runs where the try block raises `{raised}`?",
            f"The exception is caught, and this runs:\n\n```python\n{body}\n```",
            f"{file.path}::{number}",
            citation,
            facts=[line.strip() for line in body.split("\n")],
        )


def _before(one: Definition, node: Node) -> int:
    """Return how many try statements of the function come before this one."""
    tries = walk(one.node, "try_statement", into=False)
    return sum(other.start_byte < node.start_byte for other in tries)
