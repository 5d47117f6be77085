"""gemma-forge's run log: its events are combined into attempts by their order.

Only `attempt_start` names the attempt; what follows belongs to it. The log
holds no prompt and cuts what was answered, so its turns have no messages, and
a text that is exactly as long as the log's limit counts as cut
(`finish_reason` length). A deferred item has its verdict when it was checked
again, never the interim one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import outcomes
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import Event, Found, LeftOut, RecordedAttempt, RunFacts
from harness_forge.config.source import SourceConfig
from harness_forge.core.jsontext import count_in
from harness_forge.core.records import Attempt, Origin, Outcome, Tip, ToolCall, Turn, WorkItem

ARGUMENT, REFLECTION, TEXT = 200, 500, 1000
"""Characters at which the log cuts an argument, a reflection, an agent's text."""

_PREFIX = "xccdf_org.ssgproject.content_rule_"
_KEPT = {
    "post_mortem",
    "revert",
    "scanner_gap_detected",
    "environment_unrecoverable",
    "remediated",
    "deferred_verification",
    "escalated",
    "tool_call_capped",
}
_RUN_FACTS = {"run_start", "skill_manifest", "run_complete", "consolidation_complete"}


def bare(rule_id: str) -> str:
    """Return a rule id as this store has it: without the content's prefix."""
    return rule_id.removeprefix(_PREFIX)


def read(path: Path, config: SourceConfig) -> Iterator[Found]:
    """Yield what a run's log holds, in its order."""
    log = _Log(path, config.name)
    for value in values(path, config.layout, config.max_line_mb):
        if isinstance(value, LeftOut):
            yield value
            continue
        event = value.value
        data = event.get("data") if isinstance(event, Mapping) else None
        if not isinstance(data, Mapping) or not isinstance(event.get("event_type"), str):
            yield LeftOut(
                value.place, "misfit", "no event with event_type and data", malformed=True
            )
            continue
        yield from log.take(value.place, event, data)
    yield from log.end()


@dataclass
class _Try:
    """An attempt with events still to come."""

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
        return bare(str(self.data.get("rule_id")))


class _Log:
    def __init__(self, path: Path, evaluator: str) -> None:
        self.run = path.name.split(".json")[0].removeprefix("run-")
        self.evaluator = evaluator
        self.model: str | None = None
        self.known: dict[str, tuple[str, str]] = {}
        self.open: _Try | None = None
        self.plan: list[Turn] = []
        self.deferred: dict[str, _Try] = {}
        self.place = 0
        self.counts: dict[str, int] = {}
        self.facts: dict[str, Any] = {}

    def take(
        self, place: int, event: Mapping[str, Any], data: Mapping[str, Any]
    ) -> Iterator[Found]:
        """Yield what an event completes."""
        self.place, name = place, event["event_type"]
        if name == "run_start":
            self.run = str(data.get("run_id") or self.run)
        yield self._event(name, event, data)
        self.counts[name] = self.counts.get(name, 0) + 1
        if name in _RUN_FACTS:
            self._fact(name, data)
        if name == "attempt_start":
            yield from self._close(None)
            self.open = _Try(place, data, event.get("timestamp"), turns=self.plan)
            self.plan = []
        elif name == "rule_complete":
            yield from self._close(data)
        elif name == "post_deferred_evaluation":
            yield from self._resolve(data)
        elif name == "skip":
            yield LeftOut(place, "skipped_item", str(data.get("rule_id")))
        elif name == "run_complete":
            yield from self._close(None)
            yield from self._unresolved()
        else:
            self._note(name, event, data)

    def end(self) -> Iterator[Found]:
        """Yield what the end of the file leaves: it may still be written."""
        if self.open is not None:
            yield LeftOut(self.place, "unfinished_attempt", self.open.rule, pending=True)
        for one in self.deferred.values():
            yield LeftOut(one.place, "deferred_without_verdict", one.rule, pending=True)
        facts = {**self.facts, "events": dict(sorted(self.counts.items()))}
        summary = facts.pop("run_complete", {})
        place = max(self.place, 1)
        yield RunFacts(place, self.run, self._policy(), facts, summary, pending=True)

    def _event(self, name: str, event: Mapping[str, Any], data: Mapping[str, Any]) -> Event:
        seconds, rule = event.get("elapsed_s"), data.get("rule_id")
        return Event(
            self.place,
            self.run,
            self._policy(),
            name,
            outcomes.moment(event.get("timestamp")),
            float(seconds) if isinstance(seconds, int | float) else 0.0,
            event.get("agent") if isinstance(event.get("agent"), str) else None,
            bare(rule) if isinstance(rule, str) else None,
            data,
        )

    def _fact(self, name: str, data: Mapping[str, Any]) -> None:
        if name == "consolidation_complete":
            # The one event, besides some tips, that knows the database's id of the run.
            data = {**data, "database_run_id": data.get("run_id")}
        self.facts[name] = data

    def _policy(self) -> str:
        return f"model:{self.model}" if self.model else "recorded"

    def _note(self, name: str, event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Keep what belongs to the attempt that is open, or is known of items."""
        if name == "graph_state":
            for node in data.get("nodes") or ():
                self._learn(node.get("id"), node.get("title"), node.get("category"))
        elif name == "rule_selected":
            self._learn(data.get("rule_id"), data.get("title"), data.get("category"))
        elif name == "agent_response":
            self._answered(str(event.get("agent")), data, event.get("timestamp"))
        elif self.open is not None:
            self._belongs(self.open, name, event.get("agent"), data)

    def _learn(self, rule: Any, title: Any, category: Any) -> None:
        if isinstance(rule, str):
            self.known[bare(rule)] = (str(title or bare(rule)), str(category or "other"))

    def _answered(self, agent: str, data: Mapping[str, Any], when: Any) -> None:
        text, tokens = str(data.get("text") or ""), data.get("tokens")
        self.model = data.get("model") or self.model
        tokens = tokens if isinstance(tokens, Mapping) else {}
        calls: list[Any] = []
        if agent == "worker" and self.open is not None:
            calls = [_message_call(self.open.call)] if self.open.call else []
            self.open.approach, self.open.model = text, self.model
        turn = _turn(agent, text, calls, self.model, when, tokens)
        if self.open is None:
            self.plan = [turn] if agent == "architect" else []
        else:
            self.open.turns.append(turn)

    def _belongs(self, one: _Try, name: str, agent: Any, data: Mapping[str, Any]) -> None:
        if name == "tool_call" and agent == "worker":
            one.call = data
        elif name == "evaluation":
            one.evaluation = data
        elif name == "reflection":
            one.reflection = str(data.get("text") or "")
        elif name == "tip_added":
            one.tips.append(_tip(data))
            if data.get("source_run_id"):
                one.signals["database_run_id"] = data["source_run_id"]
        elif name == "tool_error":
            one.faulty |= data.get("phase") == "evaluate"
            one.signals.setdefault(name, []).append(data)
        elif name in ("ban_added", "error", "architect_reengaged", "prompt_assembled"):
            one.signals.setdefault(name, []).append(data)
        elif name in _KEPT:
            one.signals[name] = data

    def _close(self, finished: Mapping[str, Any] | None) -> Iterator[Found]:
        one, self.open = self.open, None
        if one is None:
            return
        word = outcomes.of_item(str(finished.get("outcome"))) if finished else None
        if finished is not None:
            one.signals["rule_complete"] = finished
        if word == "deferred" or "deferred_verification" in one.signals:
            self.deferred[one.rule] = one
            return
        yield self._recorded(one, word)

    def _resolve(self, data: Mapping[str, Any]) -> Iterator[Found]:
        one = self.deferred.pop(bare(str(data.get("rule_id"))), None)
        if one is None:
            yield LeftOut(self.place, "verdict_without_attempt", str(data.get("rule_id")))
            return
        passed = data.get("passed") is True
        signal = {"value": float(passed), "confidence": 1.0 if passed else 0.9}
        one.signals |= {"interim": one.evaluation, "post_deferred_evaluation": data}
        summary = str(data.get("outcome_reason") or "")
        one.evaluation = {"passed": passed, "summary": summary, "outcome_signal": signal}
        yield self._recorded(one, outcomes.COMPLETED if passed else outcomes.ESCALATED)

    def _unresolved(self) -> Iterator[Found]:
        for one in self.deferred.values():
            one.signals["interim"], one.evaluation = one.evaluation, None
            yield self._recorded(one, "deferred")
        self.deferred = {}

    def _recorded(self, one: _Try, word: str | None) -> RecordedAttempt:
        title, category = self.known.get(one.rule, (one.rule, "other"))
        category = str(one.data.get("category") or category)
        item = WorkItem(one.rule, title, "", category, one.rule)
        return RecordedAttempt(self.place, self.run, self._policy(), item, self._attempt(one), word)

    def _attempt(self, one: _Try) -> Attempt:
        worker = next((turn for turn in one.turns if turn.agent == "worker"), None)
        turns = one.turns
        if worker is None and one.call is not None:
            # The log tells of an answer only if the model also said something.
            when = outcomes.moment(one.started)
            worker = replace(
                _turn("worker", "", [_message_call(one.call)], one.model or self.model, when, {}),
                started_at=when,
            )
            turns = [*turns, worker]
        number = one.data.get("attempt")
        return Attempt(
            item_id=one.rule,
            attempt_num=number if isinstance(number, int) else 0,
            origin=Origin.MODEL,
            prompt="",
            tool_call=_tool_call(one.call),
            outcome=self._outcome(one),
            turns=turns,
            approach=one.approach,
            reflection=one.reflection,
            model=one.model or self.model,
            tips=one.tips,
            prompt_tokens=worker.prompt_tokens if worker else None,
            completion_tokens=worker.completion_tokens if worker else None,
        )

    def _outcome(self, one: _Try) -> Outcome:
        said = one.evaluation or {}
        verdict = None
        if isinstance(said.get("passed"), bool):
            signal = said.get("outcome_signal")
            signal = signal if isinstance(signal, Mapping) else {}
            value = signal.get("value", float(said["passed"]))
            verdict = said["passed"], min(max(float(value), 0.0), 1.0)
        confidence = (said.get("outcome_signal") or {}).get("confidence", 1.0)
        cut = ["reflection"] if len(one.reflection or "") == REFLECTION else []
        signals = {**said, **one.signals, "place": one.place, "cut": cut}
        made = outcomes.outcome(verdict, float(confidence), self.evaluator, signals)
        mode = said.get("failure_mode") if verdict and not verdict[0] else made.failure_mode
        if one.faulty and not verdict:
            mode = "evaluator_failed"
        return replace(
            made,
            # A pass carries the default of the failure's type: it is none.
            failure_mode=str(mode) if mode else made.failure_mode,
            summary=str(said.get("summary") or ""),
            infrastructure=made.infrastructure or one.faulty,
        )


def _turn(agent: str, text: str, calls: list, model, when, tokens: Mapping[str, Any]) -> Turn:
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


def _message_call(call: Mapping[str, Any]) -> dict[str, Any]:
    made = _tool_call(call)
    arguments = json.dumps(dict(made.arguments) if made else {}, ensure_ascii=False)
    name = made.name if made else str(call.get("tool"))
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def _tool_call(call: Mapping[str, Any] | None) -> ToolCall | None:
    arguments = call.get("args") if call else None
    fine = isinstance(arguments, Mapping) and isinstance(call.get("tool"), str)
    return ToolCall(call["tool"], arguments) if fine else None


def _tip(data: Mapping[str, Any]) -> Tip:
    return Tip(
        text=str(data.get("text") or ""),
        tip_type=str(data.get("tip_type") or "recovery"),
        mechanism=data.get("mechanism") or None,
        trigger_conditions=_words(data.get("trigger_conditions")),
        application_context=_words(data.get("application_context")),
    )


def _words(raw: Any) -> list[str]:
    return [str(word) for word in raw] if isinstance(raw, list) else []
