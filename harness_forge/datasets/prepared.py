"""Rows after preparation, which looks at one row at a time: read, filtered, redacted, encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness_forge.datasets.export_batch import ExportBatch, Line, RowResult
from harness_forge.datasets.kinds.teacher_share import TeacherShare
from harness_forge.datasets.sql.rows import Answer, Json, Prompt, Row


class PreparedRow(NamedTuple):
    """One row after preparation; plain values, because another process may send it.

    Args:
        reason: why it is rejected; None where it is not.
        mark: digest of prompt and answer, 16 bytes.
        line: the encoded line, for kinds that make one line of each row.
        prompt, answer: as parsed, for kinds that combine rows.
        redacted: number of replaced values by kind.
        signature: MinHash of its words, for near duplicates; b"" where not needed.
        evidence: what the verdict is based on, for kinds that combine rows.
        changed: which changes brought the row into canonical form.
        about: details of the reason, for the ledger.
    """

    reason: str | None = None
    mark: bytes = b""
    line: bytes = b""
    prompt: Prompt | None = None
    answer: Answer | None = None
    redacted: Mapping[str, int] | None = None
    signature: bytes = b""
    evidence: Json | None = None
    changed: frozenset[str] = frozenset()
    about: Mapping[str, str] | None = None


PreparedBatch = tuple[Sequence[Row], Sequence[PreparedRow]]
"""Some rows, and each of them after preparation."""


def singles(done: Iterable[PreparedBatch], teacher_share: TeacherShare) -> Iterator[ExportBatch]:
    """Yield the export batch of each prepared batch, for kinds that make one line of each row.

    Args:
        teacher_share: limits the answers that no model gave.
    """
    for rows, prepared in done:
        lines: list[Line] = []
        results: list[RowResult] = []
        for row, ready in zip(rows, prepared, strict=True):
            row, reason = single(row, ready, teacher_share)
            if reason is not None:
                results.append(RowResult(row, reason))
                continue
            results.append(RowResult(row, None, (len(lines),)))
            lines.append(Line(row.split or "", ready.line))
        yield ExportBatch(lines, results)


def single(row: Row, ready: PreparedRow, teacher_share: TeacherShare) -> tuple[Row, str | None]:
    """Return a row with what preparation found, and why it is rejected; None where it is kept."""
    reason = ready.reason
    if reason is None and not teacher_share.admit(row):
        reason = "over_share"
    if reason is None and (ready.redacted or ready.changed):
        row = row._replace(redacted=ready.redacted, changed=ready.changed)
    if ready.about:
        row = row._replace(about=ready.about)
    return row, reason


def rejoined(done: Iterable[PreparedBatch]) -> Iterator[Row]:
    """Yield rows with parsed prompt and answer instead of JSON, for kinds that combine rows."""
    for rows, prepared in done:
        for row, ready in zip(rows, prepared, strict=True):
            yield row._replace(
                reason=ready.reason,
                messages=None,
                tools=None,
                response=None,
                tool_call=None,
                prompt=ready.prompt,
                answer=ready.answer,
                redacted=ready.redacted,
                evidence=ready.evidence,
                about=ready.about,
            )
