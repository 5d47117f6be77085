"""What is done to a row for which no other row is needed: read, filter, redact, write out.

Rows come in batches, because filters do. What comes out depends on nothing
but the rows and the plan, so it may be done in any process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from harness_forge.exporters import AnswerKind, ExportConfig, ExportKind, sft
from harness_forge.exporters.guard import Guard
from harness_forge.exporters.ready import Ready
from harness_forge.exporters.rows import (
    Answer,
    Prompt,
    Row,
    Unusable,
    answer_of,
    joint,
    prompt_of,
    read_answer,
    read_prompt,
)
from harness_forge.filters import Candidate, Filter
from harness_forge.formats import FORMATS, Unheld
from harness_forge.records import Message

SINGLES: Mapping[ExportKind, Callable[[Row, Prompt, Answer], Any]] = {ExportKind.sft: sft.example}
"""Kinds of which each row is a line by itself, and what makes its example."""

Redact = Callable[[Message], tuple[Message, Mapping[str, int]]]


@dataclass(frozen=True)
class Plan:
    """All that a row of one part meets on its way; it is sent to other processes.

    Args:
        role: whose turns they are.
        config: the part's export.
        guard: what no recipe may export.
        format: what a line looks like.
        whose: keys that every line ends with.
        filters: makes the filters, in order, by name.
        redact: makes what takes secrets out of a message; None for nothing.
    """

    role: str
    config: ExportConfig
    guard: Guard
    format: str
    whose: Mapping[str, str] = field(default_factory=dict)
    filters: Callable[[], Sequence[tuple[str, Filter]]] = tuple
    redact: Callable[[], Redact] | None = None


class Preparer:
    """Carries out one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # Filters look at answers; a set of prompts has none.
        answered = plan.config.answer is not AnswerKind.none
        self._filters = list(plan.filters()) if answered else []
        self._redact = plan.redact() if plan.redact else None
        self._single = SINGLES.get(plan.config.kind)
        self._shape = FORMATS[plan.format]

    def __call__(self, rows: Sequence[Row]) -> list[Ready]:
        """Return what came of each row."""
        read = [self._read(row) for row in rows]
        self._filter(rows, read)
        return [
            self._made(row, *found) if isinstance(found, tuple) else Ready(found)
            for row, found in zip(rows, read, strict=True)
        ]

    def _read(self, row: Row) -> tuple[Prompt, Answer] | str:
        """Return prompt and answer, or why there are none."""
        try:
            self._plan.guard.admit(row)
            prompt = read_prompt(row)
            return prompt, read_answer(row, prompt, self._plan.config.answer)
        except Unusable as fault:
            return fault.args[0]

    def _filter(self, rows: Sequence[Row], read: list[tuple[Prompt, Answer] | str]) -> None:
        """Put the reason in the place of what a filter rejects; the first filter decides."""
        left = [at for at, found in enumerate(read) if isinstance(found, tuple)]
        seen = {at: self._candidate(rows[at], *read[at]) for at in left} if self._filters else {}
        for _, reasons_of in self._filters:
            reasons = reasons_of([seen[at] for at in left])
            for at, reason in zip(left, reasons, strict=True):
                if reason is not None:
                    read[at] = reason
            left = [at for at, reason in zip(left, reasons, strict=True) if reason is None]

    def _candidate(self, row: Row, prompt: Prompt, answer: Answer) -> Candidate:
        return Candidate(
            prompt.messages,
            prompt.tools,
            answer.message,
            self._plan.role,
            row.item_id,
            row.family,
            row.outcome_value,
            row.finish_reason,
        )

    def _made(self, row: Row, prompt: Prompt, answer: Answer) -> Ready:
        redacted: dict[str, int] | None = None
        if self._redact:
            prompt, answer, redacted = self._redacted(prompt, answer)
        if self._single is None:
            return Ready(None, b"", b"", prompt, answer, redacted)
        mark = joint(prompt.digest, answer.digest)
        try:
            shown = self._shape(self._single(row, prompt, answer))
        except Unheld as fault:
            return Ready(fault.args[0])
        return Ready(None, mark, orjson.dumps({**shown, **self._plan.whose}), redacted=redacted)

    def _redacted(self, prompt: Prompt, answer: Answer) -> tuple[Prompt, Answer, dict[str, int]]:
        counts: dict[str, int] = {}
        messages = []
        for message in (*prompt.messages, answer.message):
            clean, found = self._redact(message)
            messages.append(clean)
            for kind, count in found.items():
                counts[kind] = counts.get(kind, 0) + count
        if counts:
            prompt, answer = prompt_of(messages[:-1], prompt.tools), answer_of(messages[-1])
        return prompt, answer, counts
