"""A row after all that needs no other row: read, filtered, redacted, and made a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness_forge.datasets.batch import Fate, Harvest, Line
from harness_forge.datasets.kinds.anchors import Anchors
from harness_forge.datasets.sql.rows import Answer, Json, Prompt, Row


class Ready(NamedTuple):
    """What came of one row; plain values, for it comes out of another process.

    Args:
        reason: why it is rejected; None for a row that goes on.
        mark: digest of prompt and answer, 16 bytes.
        line: the row as a line, where each row is one by itself.
        prompt, answer: what was read, where rows are brought together first.
        redacted: how many words of each kind were taken out.
        signature: of its words, for near duplicates; b"" where nobody asks.
        evidence: what the verdict rests on, where rows are brought together.
        changed: what brought the row into canonical form.
        about: more of the reason, as the ledger tells it.
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


Batch = tuple[Sequence[Row], Sequence[Ready]]
"""Some rows, and what came of each."""


def singles(done: Iterable[Batch], anchors: Anchors) -> Iterator[Harvest]:
    """Yield a harvest for each batch of rows, each of which is a line by itself.

    Args:
        anchors: what answers of nobody's model have room.
    """
    for rows, prepared in done:
        lines: list[Line] = []
        fates: list[Fate] = []
        for row, ready in zip(rows, prepared, strict=True):
            row, reason = single(row, ready, anchors)
            if reason is not None:
                fates.append(Fate(row, reason))
                continue
            fates.append(Fate(row, None, (len(lines),)))
            lines.append(Line(row.split or "", ready.line))
        yield Harvest(lines, fates)


def single(row: Row, ready: Ready, anchors: Anchors) -> tuple[Row, str | None]:
    """Return a row that needs no other row, and why it is rejected; None where it is kept."""
    reason = ready.reason
    if reason is None and not anchors.take(row):
        reason = "over_share"
    if reason is None and (ready.redacted or ready.changed):
        row = row._replace(redacted=ready.redacted, changed=ready.changed)
    if ready.about:
        row = row._replace(about=ready.about)
    return row, reason


def rejoined(done: Iterable[Batch]) -> Iterator[Row]:
    """Yield rows that hold what was read of them instead of their JSON."""
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
