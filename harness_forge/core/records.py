"""The records of an attempt: what was asked, what was answered, and the verdict.

Rooms exchange only these, and those of `examples` and `results`. They are frozen: a changed
record is a new record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Message = Mapping[str, Any]
"""One chat message in OpenAI form: role, content, tool_calls, tool_call_id."""


class Split(StrEnum):
    """Where a work item may be used."""

    TRAIN = "train"
    VALIDATION = "validation"
    HOLDOUT = "holdout"
    QUARANTINE = "quarantine"


class Origin(StrEnum):
    """Who wrote an attempt's answer."""

    OURS = "ours"  # the compact gold writer
    CONTENT = "content"  # the SCAP content's own remediation
    MUTATED = "mutated"  # a gold answer, broken on purpose
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing a harness can attempt, such as a STIG rule.

    Args:
        item_id: stable name without prefix, such as `sshd_set_keepalive`.
        family: from the skill's family table, for readers.
        group_key: near-identical items have one; they are always on one side of a split.
        full_cycle: fails untouched and passes after the reference fix.
            None where that was not measured.
        digest: hash of the check; another digest is another item.
        cluster: items with answers of one form have one (`answer_forms`), across families;
            '' if no answer is known.
    """

    item_id: str
    title: str
    severity: str
    family: str
    group_key: str
    full_cycle: bool | None = None
    digest: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    cluster: str = ""

    @property
    def unit(self) -> str:
        """What splits share out and tests count as one: the cluster, or without one the family."""
        return self.cluster or self.family


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of an offered tool, with parsed arguments."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The evaluator's verdict on one attempt.

    Args:
        passed: target passes and the guard set is intact.
        value: 0 to 1; confidence: 0 to 1. Utility is their product.
        failure_mode: short code such as `target_fails`, `guard_broken`,
            `unparsable`, `timeout`; None when passed.
        infrastructure: the evaluator, not the answer, is at fault: no verdict.
        signals: what was measured (raw verdicts, what the guard lost, seconds).
    """

    passed: bool
    value: float
    confidence: float
    failure_mode: str | None
    summary: str
    evaluator: str
    evaluator_version: str
    infrastructure: bool = False
    seconds: float = 0.0
    signals: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to an agent and its whole answer, never truncated.

    Token counts are None where no model was asked, or nobody counted them. `cached_tokens`
    is a part of the prompt's, `reasoning_tokens` one of the answer's.
    """

    agent: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    response: Message
    model: str
    sampling: Mapping[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    started_at: datetime | None = None
    elapsed_s: float = 0.0
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class TeacherAnswer:
    """A teacher's answer: the arguments of one tool call.

    Args:
        variant: which writer or which mutation made it.
        why: for a broken answer, the mistake in one sentence.
    """

    origin: Origin
    variant: str
    arguments: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tip:
    """A lesson the reflector drew from one attempt."""

    text: str
    tip_type: str  # strategy, recovery, optimization, warning
    mechanism: str | None = None
    trigger_conditions: Sequence[str] = ()
    application_context: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TipRetrieval:
    """A tip that was considered for a prompt, shown in it or held back.

    `included` is drawn at random with `probability`, so that a tip's effect
    can be separated from that of the others.
    """

    tip_id: int
    rank: int
    similarity_score: float
    included: bool
    probability: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one work item: prompt, answer, outcome, and the turns behind them."""

    item_id: str
    attempt_num: int
    origin: Origin
    prompt: str
    tool_call: ToolCall | None
    outcome: Outcome
    turns: Sequence[Turn]
    approach: str = ""
    reflection: str | None = None
    lesson: str | None = None
    model: str | None = None
    adapter: str | None = None
    variant: str | None = None  # which mutation, which sample
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tips: Sequence[Tip] = ()
    retrievals: Sequence[TipRetrieval] = ()
