"""gemma-forge's run log: its events are combined into attempts by their order.

Only `attempt_start` names the attempt; what follows belongs to it. The log
holds no prompt and cuts what was answered, so its turns have no messages, and
a text that is exactly as long as the log's limit counts as cut
(`finish_reason` length). A deferred item has its verdict when it was checked
again, never the interim one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import outcomes
from harness_forge.collect.sources.gemma_forge_attempts import (
    OpenAttempt,
    bare,
    message_call,
    tip,
    turn_of,
)
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import Event, Found, LeftOut, RecordedAttempt, RunFacts
from harness_forge.config.source import SourceConfig
from harness_forge.core.records import Turn, WorkItem

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


class _Log:
    def __init__(self, path: Path, evaluator: str) -> None:
        self.run = path.name.split(".json")[0].removeprefix("run-")
        self.evaluator = evaluator
        self.model: str | None = None
        self.known: dict[str, tuple[str, str]] = {}
        self.open: OpenAttempt | None = None
        self.plan: list[Turn] = []
        self.deferred: dict[str, OpenAttempt] = {}
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
            self.open = OpenAttempt(place, data, event.get("timestamp"), turns=self.plan)
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
            calls = [message_call(self.open.call)] if self.open.call else []
            self.open.approach, self.open.model = text, self.model
        turn = turn_of(agent, text, calls, self.model, when, tokens)
        if self.open is None:
            self.plan = [turn] if agent == "architect" else []
        else:
            self.open.turns.append(turn)

    def _belongs(self, one: OpenAttempt, name: str, agent: Any, data: Mapping[str, Any]) -> None:
        if name == "tool_call" and agent == "worker":
            one.call = data
        elif name == "evaluation":
            one.evaluation = data
        elif name == "reflection":
            one.reflection = str(data.get("text") or "")
        elif name == "tip_added":
            one.tips.append(tip(data))
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

    def _recorded(self, one: OpenAttempt, word: str | None) -> RecordedAttempt:
        title, category = self.known.get(one.rule, (one.rule, "other"))
        category = str(one.data.get("category") or category)
        item = WorkItem(one.rule, title, "", category, one.rule)
        attempt = one.attempt(self.model, self.evaluator)
        return RecordedAttempt(self.place, self.run, self._policy(), item, attempt, word)
