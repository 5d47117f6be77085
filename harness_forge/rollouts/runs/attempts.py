"""One work item's episode: prompt, proposals, outcomes, reflections, records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from harness_forge.config.prompt import PromptConfig
from harness_forge.core.records import (
    Attempt,
    Outcome,
    Tip,
    TipRetrieval,
    ToolCall,
    Turn,
    WorkItem,
)
from harness_forge.rollouts.policies import prompts, verdicts
from harness_forge.rollouts.policies.proposal import Policy, PromptRequest, Proposal
from harness_forge.rollouts.policies.reflection import Reflection
from harness_forge.rollouts.policies.worked_examples import WorkedExample

# Faults of the answer itself, in words for the summary.
FAILURES = {
    "cut_off": "the answer was cut off at the token limit",
    "no_call": "the answer holds no tool call",
    "several_calls": "the answer holds more than one tool call",
    "trailing_text": "the answer goes on after its tool call",
    "unparsable": "the tool call is not valid JSON",
    "unknown_tool": "the answer calls a tool that was not offered",
    "bad_arguments": "the tool call's arguments do not fit the schema",
}


@dataclass(frozen=True)
class Retrieved:
    """Tips drawn for one prompt: all that were considered, and those shown."""

    retrievals: Sequence[TipRetrieval] = ()
    shown: Sequence[Tip] = ()


@dataclass(frozen=True)
class Stage:
    """What all episodes of a run share.

    Args:
        host: the system under repair, as named in the prompt.
        judges: limits how many attempts are judged at once.
        examples: returns the worked examples in an item's prompt.
        prompt: what a prompt says of an item.
        roles: whose turns a teacher writes besides the worker's and the reflector's.
    """

    environment: object
    policy: Policy
    host: str
    judges: threading.Semaphore
    examples: Callable[[WorkItem], Sequence[WorkedExample]] = lambda item: ()
    prompt: PromptConfig = field(default_factory=PromptConfig)
    roles: Sequence[str] = ()


def play(stage: Stage, item: WorkItem, drawn: Retrieved) -> Iterator[Attempt]:
    """Yield the attempts of one episode as they are judged."""
    messages = prompts.worker_messages(
        item, stage.host, drawn.shown, stage.examples(item), stage.prompt
    )
    request = PromptRequest(item, messages, stage.environment.tools)
    episode = stage.policy.episode(request)
    number, outcome = 0, None
    while True:
        started = datetime.now(UTC)
        try:
            proposal = next(episode) if outcome is None else episode.send(outcome)
        except StopIteration:
            return
        number += 1
        outcome = _judge(stage, item, proposal)
        reflection = stage.policy.reflect(request, proposal, outcome)
        said = [reflection.turn] if reflection else []
        if stage.roles:
            said += verdicts.turns(stage.roles, item, proposal, outcome, _sound(stage, item))
        yield _record(request, number, proposal, outcome, reflection, said, drawn, started)


def _sound(stage: Stage, item: WorkItem) -> str:
    """Return the teacher's own unbroken answer as a text; '' if there is none."""
    known = next(iter(stage.environment.gold(item.item_id)), None)
    if known is None:
        return ""
    return prompts.answer_text(ToolCall(name="", arguments=known.arguments))


def _judge(stage: Stage, item: WorkItem, proposal: Proposal) -> Outcome:
    environment = stage.environment
    if proposal.tool_call is not None:
        with stage.judges:
            return environment.judge_call(item.item_id, proposal.tool_call)
    return Outcome(
        passed=False,
        value=0.0,
        confidence=1.0,
        failure_mode=proposal.failure,
        summary=FAILURES[proposal.failure],
        evaluator=environment.evaluator,
        evaluator_version=environment.evaluator_version,
    )


def _record(
    request: PromptRequest,
    number: int,
    proposal: Proposal,
    outcome: Outcome,
    reflection: Reflection | None,
    said: Sequence[Turn],
    drawn: Retrieved,
    started: datetime,
) -> Attempt:
    worker = Turn(
        agent="worker",
        messages=request.messages,
        tools=request.tools,
        response=proposal.response,
        model=proposal.model,
        sampling=proposal.sampling,
        finish_reason=proposal.finish_reason,
        prompt_tokens=proposal.prompt_tokens,
        completion_tokens=proposal.completion_tokens,
        cached_tokens=proposal.cached_tokens,
        reasoning_tokens=proposal.reasoning_tokens,
        started_at=started,
        elapsed_s=proposal.elapsed_s,
    )
    call = proposal.tool_call
    return Attempt(
        item_id=request.item.item_id,
        attempt_num=number,
        origin=proposal.origin,
        prompt=prompts.rendered(request.messages),
        tool_call=call,
        outcome=outcome,
        turns=[worker, *said],
        approach=str(call.arguments.get("description", "")) if call else "",
        reflection=reflection.text if reflection else None,
        lesson=reflection.lesson if reflection else None,
        model=proposal.model,
        adapter=proposal.adapter,
        variant=proposal.variant,
        prompt_tokens=proposal.prompt_tokens,
        completion_tokens=proposal.completion_tokens,
        tips=reflection.tips if reflection else (),
        retrievals=drawn.retrievals,
    )
