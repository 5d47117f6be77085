"""Joins the kept turns of an attempt into one line, in which each is learned once.

Of a conversation of n turns the lines hold n * n / 2 messages, so one line of each strand is kept
while they come, and of the others what they are compared by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby

from harness_forge.core import jsontext
from harness_forge.datasets.export_batch import ExportBatch, Line, RowResult
from harness_forge.datasets.formats.conversation import Form, Said, merged
from harness_forge.datasets.kinds.sft import refusal
from harness_forge.datasets.kinds.teacher_share import TeacherShare
from harness_forge.datasets.prepared import PreparedBatch, PreparedRow, result
from harness_forge.datasets.sql.rows import Row, joint

_TOGETHER = 256
"""Rows after which a batch is yielded, at the end of an attempt."""


@dataclass
class _Strand:
    """Turns of which each extends the one before.

    Args:
        split: of their rows.
        line: of the last turn.
        marks: of the turns, in order.
        answers: places of the earlier turns' answers in the last one's messages.
        said: what the last line's messages say; None while nothing was compared with them.
    """

    split: str | None
    line: bytes
    marks: list[bytes]
    answers: list[int] = field(default_factory=list)
    said: Said | None = None

    def takes(self, row: Row, ready: PreparedRow, said: Said, form: Form) -> bool:
        """Add a turn, if it extends the last one."""
        if self.said is None:
            self.said = Said.of(jsontext.loads(self.line), form)
        if self.split != row.split or not said.goes_on(self.said):
            return False
        self.answers.append(len(self.said.messages) - 1)
        self.line, self.said = ready.line, said
        self.marks.append(ready.mark)
        return True

    def data(self, form: Form) -> bytes:
        """Return the line of all turns."""
        if not self.answers:
            return self.line
        name = joint(*self.marks).hex()
        return jsontext.dumps(merged(jsontext.loads(self.line), self.answers, form, name))


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
    for pairs in _attempts(done):
        _enter(pairs, teacher_share, form, lines, results)
        if len(results) >= _TOGETHER:
            yield ExportBatch(lines, results)
            lines, results = [], []
    if results:
        yield ExportBatch(lines, results)


def _attempts(done: Iterable[PreparedBatch]) -> Iterator[Iterator[tuple[Row, PreparedRow]]]:
    """Yield the rows of each attempt in turn; a row without an attempt comes by itself."""
    pairs = chain.from_iterable(zip(rows, ready, strict=True) for rows, ready in done)
    numbered = enumerate(pairs)

    def attempt(one: tuple[int, tuple[Row, PreparedRow]]) -> tuple:
        number, (row, _) = one
        return (number,) if row.attempt_id is None else (row.attempt_id, row.run_id)

    for _, group in groupby(numbered, attempt):
        yield (pair for _, pair in group)


def _enter(
    pairs: Iterable[tuple[Row, PreparedRow]],
    teacher_share: TeacherShare,
    form: Form,
    lines: list[Line],
    results: list[RowResult],
) -> None:
    """Add the lines and the results of one attempt's rows."""
    strands: list[_Strand] = []
    ended: list[tuple[Row, PreparedRow, str | None, int | None]] = []
    for row, ready in pairs:
        reason = refusal(row, ready, teacher_share)
        at = _joined(strands, row, ready, form) if reason is None else None
        ended.append((row.without_json(), ready._replace(line=b""), reason, at))
    first = len(lines)
    lines += [Line(strand.split or "", strand.data(form)) for strand in strands]
    for row, ready, reason, at in ended:
        results.append(result(row, ready, reason, () if at is None else (first + at,)))


def _joined(strands: list[_Strand], row: Row, ready: PreparedRow, form: Form) -> int:
    """Add a turn to the newest strand that it extends, else as a new one; return its index."""
    said = None
    if strands:  # most attempts have one turn: no word of its line need be read
        said = Said.of(jsontext.loads(ready.line), form)
        for at in reversed(range(len(strands))):
            if strands[at].takes(row, ready, said, form):
                return at
    strands.append(_Strand(row.split, ready.line, [ready.mark], said=said))
    return len(strands) - 1
