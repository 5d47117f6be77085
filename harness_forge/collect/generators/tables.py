"""What a cell of a table in the docs says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness_forge.collect.generators.context import Context, draw
from harness_forge.collect.generators.markdown import prose_lines
from harness_forge.collect.generators.rows import QuestionRow, asked

_RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_MOST_ROWS = 25


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each line of a table, about one of its columns."""
    for file in context.repository.ending(".md"):
        for first, table in _tables(prose_lines(file.lines)):
            citation = context.cite(file, first, first + len(table) - 1)
            if citation and len(table) <= _MOST_ROWS + 2:
                yield from _of_table(file.path, citation, [_cells(line) for line in table])


def _of_table(path: str, citation, table: Sequence[Sequence[str]]) -> Iterator[QuestionRow]:
    head, *body = table[0], *table[2:]
    keys = [line[0] for line in body]
    for line in body:
        key = line[0]
        if len(line) != len(head) or not key or keys.count(key) > 1:
            continue
        columns = [place for place in range(1, len(line)) if head[place] and line[place]]
        if not columns:
            continue
        place = columns[draw(path, key) % len(columns)]
        what = f"“{head[0]}” is “{key}”" if head[0] else f"the first cell is “{key}”"
        yield asked(
            f"By this table, what stands under “{head[place]}” where {what}?",
            line[place],
            f"{path}::{head[place]}::{key}",
            citation,
            facts=[line[place]],
        )


def _tables(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each table with its first line's number."""
    place = 0
    while place < len(lines):
        end = place
        while end < len(lines) and "|" in lines[end]:
            end += 1
        if end - place > 2 and _RULE.fullmatch(lines[place + 1]):
            yield place + 1, list(lines[place:end])
        place = end + 1


def _cells(line: str) -> list[str]:
    """Return the cells of a line; an escaped bar, or one in code, does not end a cell."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    cells, code = [""], False
    for place, sign in enumerate(inner):
        code ^= sign == "`"
        if sign == "|" and not code and inner[place - 1 : place] != "\\":
            cells.append("")
        else:
            cells[-1] += sign
    return [cell.strip() for cell in cells]
