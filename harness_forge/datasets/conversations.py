"""Joins the kept turns of an attempt into one line, in which each is learned once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any

from harness_forge.core import jsontext
from harness_forge.datasets.export_batch import ExportBatch, Line, RowResult
from harness_forge.datasets.formats.conversation import Form, goes_on, merged
from harness_forge.datasets.kinds.sft import refusal
from harness_forge.datasets.kinds.teacher_share import TeacherShare
from harness_forge.datasets.prepared import PreparedBatch, PreparedRow, result
from harness_forge.datasets.sql.rows import Row, joint

_TOGETHER = 256
"""Rows after which a batch is yielded, at the end of an attempt."""

_Turn = tuple[int, PreparedRow, dict[str, Any]]
"""Index of the row within its attempt, the prepared row, its parsed line."""


def conversations(
    done: Iterable[PreparedBatch], teacher_share: TeacherShare, form: Form
) -> Iterator[ExportBatch]:
    """Yield batches in which the kept turns of an attempt are one line.

    Only consecutive rows of one attempt are joined, and a turn is joined only to one with
    messages that are a prefix of its own: a conversation that forks, or had its history
    rewritten, becomes several lines. A rejected turn stays in later turns as context.

    Args:
        teacher_share: limits the answers that no model gave.
    """
    lines: list[Line] = []
    results: list[RowResult] = []
    for rows, ready in _attempts(done):
        _enter(rows, ready, teacher_share, form, lines, results)
        if len(results) >= _TOGETHER:
            yield ExportBatch(lines, results)
            lines, results = [], []
    if results:
        yield ExportBatch(lines, results)


def _attempts(done: Iterable[PreparedBatch]) -> Iterator[tuple[list[Row], list[PreparedRow]]]:
    """Yield the rows of each attempt in turn; a row without an attempt comes by itself."""
    pairs = chain.from_iterable(zip(rows, ready, strict=True) for rows, ready in done)
    numbered = enumerate(pairs)

    def attempt(one: tuple[int, tuple[Row, PreparedRow]]) -> tuple:
        number, (row, _) = one
        return (number,) if row.attempt_id is None else (row.attempt_id, row.run_id)

    for _, group in groupby(numbered, attempt):
        found = [pair for _, pair in group]
        yield [row for row, _ in found], [ready for _, ready in found]


def _enter(
    rows: list[Row],
    prepared: list[PreparedRow],
    teacher_share: TeacherShare,
    form: Form,
    lines: list[Line],
    results: list[RowResult],
) -> None:
    """Add the lines and the results of one attempt's rows."""
    reasons = [
        refusal(row, ready, teacher_share) for row, ready in zip(rows, prepared, strict=True)
    ]
    kept = [place for place, reason in enumerate(reasons) if reason is None]
    if len(kept) == 1:  # most: no word of its line need be read
        spoken = {kept[0]: Line(rows[kept[0]].split or "", prepared[kept[0]].line)}
    else:
        turns = [(place, prepared[place], jsontext.loads(prepared[place].line)) for place in kept]
        spoken = _spoken(turns, rows, form)
    at = {}
    for place, line in spoken.items():
        if not (lines and lines[-1] is line):
            lines.append(line)
        at[place] = (len(lines) - 1,)
    for place, (row, ready, reason) in enumerate(zip(rows, prepared, reasons, strict=True)):
        results.append(result(row, ready, reason, at.get(place, ())))


def _spoken(turns: list[_Turn], rows: list[Row], form: Form) -> dict[int, Line]:
    """Return the line that each turn ended up in, by the turn's index."""
    strands: list[list[_Turn]] = []
    for turn in turns:
        fitting = (
            strand
            for strand in reversed(strands)
            if goes_on(turn[2], strand[-1][2], form)
            and rows[turn[0]].split == rows[strand[-1][0]].split
        )
        if (strand := next(fitting, None)) is None:
            strands.append([turn])
        else:
            strand.append(turn)
    found = {}
    for strand in strands:
        line = Line(rows[strand[0][0]].split or "", _data(strand, form))
        found.update(dict.fromkeys((place for place, *_ in strand), line))
    return found


def _data(strand: list[_Turn], form: Form) -> bytes:
    if len(strand) == 1:
        return strand[0][1].line
    name = joint(*(ready.mark for _, ready, _ in strand)).hex()
    return jsontext.dumps(merged([line for *_, line in strand], form, name))
