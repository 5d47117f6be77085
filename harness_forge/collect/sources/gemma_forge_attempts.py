"""An attempt of gemma-forge's run log: what its events say, made into a record of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness_forge.collect.sources import outcomes
from harness_forge.core.jsontext import count_in
from harness_forge.core.records import Attempt, Origin, Outcome, Tip, ToolCall, Turn

ARGUMENT, REFLECTION, TEXT = 200, 500, 1000
"""Characters at which the log cuts an argument, a reflection, an agent's text."""

_PREFIX = "xccdf_org.ssgproject.content_rule_"


def bare(rule_id: str) -> str:
    """Return a rule id as this store has it: without the content's prefix."""
    return rule_id.removeprefix(_PREFIX)


@dataclass
class OpenAttempt:
    """An attempt of the log, with what its events said so far.

    Args:
        place: of the event that began it.
        data: what that event says.
        faulty: the evaluator failed on it.
    """

    place: int
    data: Mapping[str, Any]
    started: Any
    turns: list[Turn] = field(default_factory=list)
    call: Mapping[str, Any] | None = None
    approach: str = ""
    model: str | None = None
    evaluation: Mapping[str, Any] | None = None
    reflection: str | None = None
    tips: list[Tip] = field(default_factory=list)
    signals: dict[str, Any] = field(default_factory=dict)
    faulty: bool = False

    @property
    def rule(self) -> str:
        """The rule's id, without the content's prefix."""
        return bare(str(self.data.get("rule_id")))

    def attempt(self, model: str | None, evaluator: str) -> Attempt:
        """Return it as a record.

        Args:
            model: the log's, where the attempt names none.
            evaluator: name of the source.
        """
        worker = next((turn for turn in self.turns if turn.agent == "worker"), None)
        turns = self.turns
        if worker is None and self.call is not None:
            # The log tells of an answer only if the model also said something.
            when = outcomes.moment(self.started)
            worker = replace(
                turn_of("worker", "", [message_call(self.call)], self.model or model, when, {}),
                started_at=when,
            )
            turns = [*turns, worker]
        number = self.data.get("attempt")
        return Attempt(
            item_id=self.rule,
            attempt_num=number if isinstance(number, int) else 0,
            origin=Origin.MODEL,
            prompt="",
            tool_call=_tool_call(self.call),
            outcome=self._outcome(evaluator),
            turns=turns,
            approach=self.approach,
            reflection=self.reflection,
            model=self.model or model,
            tips=self.tips,
            prompt_tokens=worker.prompt_tokens if worker else None,
            completion_tokens=worker.completion_tokens if worker else None,
        )

    def _outcome(self, evaluator: str) -> Outcome:
        said = self.evaluation or {}
        verdict = None
        if isinstance(said.get("passed"), bool):
            signal = said.get("outcome_signal")
            signal = signal if isinstance(signal, Mapping) else {}
            value = signal.get("value", float(said["passed"]))
            verdict = said["passed"], min(max(float(value), 0.0), 1.0)
        confidence = (said.get("outcome_signal") or {}).get("confidence", 1.0)
        cut = ["reflection"] if len(self.reflection or "") == REFLECTION else []
        signals = {**said, **self.signals, "place": self.place, "cut": cut}
        made = outcomes.outcome(verdict, float(confidence), evaluator, signals)
        mode = said.get("failure_mode") if verdict and not verdict[0] else made.failure_mode
        if self.faulty and not verdict:
            mode = "evaluator_failed"
        return replace(
            made,
            # A pass carries the default of the failure's type: it is none.
            failure_mode=str(mode) if mode else made.failure_mode,
            summary=str(said.get("summary") or ""),
            infrastructure=made.infrastructure or self.faulty,
        )


def turn_of(agent: str, text: str, calls: list, model, when, tokens: Mapping[str, Any]) -> Turn:
    """Return an agent's answer as a turn without messages: the log holds none."""
    arguments = [one["function"]["arguments"] for one in calls]
    cut = any(
        isinstance(word, str) and len(word) >= ARGUMENT
        for one in arguments
        for word in json.loads(one).values()
    ) or (not calls and len(text) >= TEXT)
    return Turn(
        agent=agent,
        messages=(),
        tools=(),
        # What a worker says comes after its call, as another message of the same turn.
        response={"role": "assistant", "content": None if calls else text}
        | ({"tool_calls": calls} if calls else {}),
        model=model or "recorded",
        sampling={"not_logged": ["messages", "tools", "sampling"]},
        finish_reason="length" if cut else None,
        prompt_tokens=count_in(tokens.get("prompt")),
        completion_tokens=count_in(tokens.get("completion")),
        started_at=outcomes.moment(when) if isinstance(when, str) else None,
    )


def message_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a logged call in the form of a message's."""
    made = _tool_call(call)
    arguments = json.dumps(dict(made.arguments) if made else {}, ensure_ascii=False)
    name = made.name if made else str(call.get("tool"))
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def _tool_call(call: Mapping[str, Any] | None) -> ToolCall | None:
    arguments = call.get("args") if call else None
    fine = isinstance(arguments, Mapping) and isinstance(call.get("tool"), str)
    return ToolCall(call["tool"], arguments) if fine else None


def tip(data: Mapping[str, Any]) -> Tip:
    """Return the tip that an event tells of."""
    return Tip(
        text=str(data.get("text") or ""),
        tip_type=str(data.get("tip_type") or "recovery"),
        mechanism=data.get("mechanism") or None,
        trigger_conditions=_words(data.get("trigger_conditions")),
        application_context=_words(data.get("application_context")),
    )


def _words(raw: Any) -> list[str]:
    return [str(word) for word in raw] if isinstance(raw, list) else []
