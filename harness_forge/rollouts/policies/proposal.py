"""The records that a policy and a run exchange."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness_forge.core.records import Message, Origin, Outcome, ToolCall, WorkItem
from harness_forge.rollouts.policies.reflection import Reflection


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """A prompt for one work item.

    Args:
        messages: the rendered prompt in OpenAI form.
        tools: the tool schemas offered.
    """

    item: WorkItem
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One answer, before it is judged.

    Args:
        tool_call: the parsed call; None if `failure` says why there is none.
        response: the assistant's whole message, as received.
        failure: what is wrong with the answer itself, such as `unparsable`.
        why: a teacher's account of its deliberate mistake.
    """

    origin: Origin
    response: Message
    model: str
    tool_call: ToolCall | None = None
    failure: str | None = None
    variant: str | None = None
    adapter: str | None = None
    why: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    elapsed_s: float = 0.0
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Policy(Protocol):
    """The interface of every policy."""

    name: str
    """Value of `runs.policy`: gold, mutated, nearest, template, extractive or model:<name>."""

    def episode(self, request: PromptRequest) -> Generator[Proposal, Outcome, None]:
        """Yield proposals for one item; each `send` brings the outcome of the last."""

    def reflect(
        self, request: PromptRequest, proposal: Proposal, outcome: Outcome
    ) -> Reflection | None:
        """Return the lesson of one judged proposal, if any."""

    def close(self) -> None:
        """Stop servers and processes."""
