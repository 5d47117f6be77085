"""The records between a policy and the run that drives it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness_forge.core.records import Message, Origin, Outcome, ToolCall, WorkItem
from harness_forge.rollouts.policies.reflection import Reflection


@dataclass(frozen=True, slots=True)
class Request:
    """One work item as a policy is asked about it.

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
        tool_call: the parsed call, None where `failure` says why there is none.
        response: the assistant's whole message, as it came.
        failure: what the answer itself got wrong, such as `unparsable`.
        why: a teacher's account of the mistake it made on purpose.
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


class Policy(Protocol):
    """What every policy offers."""

    name: str
    """As stored in `runs.policy`: gold, mutated, nearest or model:<name>."""

    def episode(self, request: Request) -> Generator[Proposal, Outcome, None]:
        """Yield proposals for one item; each is answered with its outcome."""

    def reflect(self, request: Request, proposal: Proposal, outcome: Outcome) -> Reflection | None:
        """Return what is to be learned from one judged proposal, if anything."""

    def close(self) -> None:
        """Let go of servers and processes."""
