"""Turns of one attempt that become one line, each learned once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Any

from harness_forge.core import jsontext
from harness_forge.datasets.batch import Fate, Harvest, Line
from harness_forge.datasets.formats.conversation import Form, goes_on, merged
from harness_forge.datasets.kinds.anchors import Anchors
from harness_forge.datasets.prepared import Batch, Ready, single
from harness_forge.datasets.sql.rows import Row, joint

_TOGETHER = 256
"""Rows after which a harvest is handed on, at the end of an attempt."""

_Turn = tuple[int, Ready, dict[str, Any]]
"""Place of the row among those of its attempt, what came of it, its line."""


def conversations(done: Iterable[Batch], anchors: Anchors, form: Form) -> Iterator[Harvest]:
    """Yield harvests in which the kept turns of an attempt are one line.

    Only rows of one attempt that come together are joined, and a turn only with one whose words
    are the beginning of its own: a conversation that forks, or whose history was rewritten,
    becomes several lines. A turn that is rejected stays in the later ones as context.

    Args:
        anchors: what answers of nobody's model have room.
    """
    lines: list[Line] = []
    fates: list[Fate] = []
    for rows, ready in _attempts(done):
        _enter(rows, ready, anchors, form, lines, fates)
        if len(fates) >= _TOGETHER:
            yield Harvest(lines, fates)
            lines, fates = [], []
    if fates:
        yield Harvest(lines, fates)


def _attempts(done: Iterable[Batch]) -> Iterator[tuple[list[Row], list[Ready]]]:
    """Yield the rows of one attempt after the other; a row of no attempt is one by itself."""
    pairs = chain.from_iterable(zip(rows, ready, strict=True) for rows, ready in done)
    numbered = enumerate(pairs)

    def attempt(one: tuple[int, tuple[Row, Ready]]) -> tuple:
        number, (row, _) = one
        return (number,) if row.attempt_id is None else (row.attempt_id, row.run_id)

    for _, group in groupby(numbered, attempt):
        found = [pair for _, pair in group]
        yield [row for row, _ in found], [ready for _, ready in found]


def _enter(
    rows: list[Row],
    prepared: list[Ready],
    anchors: Anchors,
    form: Form,
    lines: list[Line],
    fates: list[Fate],
) -> None:
    """Add the lines and the fates of one attempt's rows."""
    judged = [single(row, ready, anchors) for row, ready in zip(rows, prepared, strict=True)]
    kept = [place for place, (_, reason) in enumerate(judged) if reason is None]
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
    for place, (row, reason) in enumerate(judged):
        fates.append(Fate(row, reason, at.get(place, ())))


def _spoken(turns: list[_Turn], rows: list[Row], form: Form) -> dict[int, Line]:
    """Return the line of each turn, those of one line behind each other."""
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
