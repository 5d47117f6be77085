"""Makes attempts from captures once their outcomes are posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.collect.capture.turns import prompt_of, turn_of
from harness_forge.core.chat import calls
from harness_forge.core.records import Attempt, Origin, Outcome, Turn, WorkItem
from harness_forge.store.captures import Captures
from harness_forge.store.entries import AttemptEntry

EVALUATOR = "posted"
"""Who judged, where an outcome does not say."""


@dataclass
class JoinResult:
    """What a join came to.

    Args:
        made: attempts that are new.
        turns: captures that became turns of attempts, new or not.
        unread: captures that cannot be turns, such as several answers to one question.
        without: attempts that the run log has and no capture belongs to.
        known: attempts of it that were in the store already.
    """

    made: int = 0
    turns: int = 0
    unread: int = 0
    without: int = 0
    known: int = 0

    def add(self, other: JoinResult) -> None:
        """Count another join in."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def settle(captures: Captures) -> JoinResult:
    """Make an attempt of each posted outcome that has captures, and add what came late."""
    joined = JoinResult()
    for outcome in captures.open_outcomes():
        key = outcome["run_id"], outcome["item_id"], outcome["attempt_num"]
        joined.add(_made(captures, outcome, captures.of(key)))
    for attempt_id, key in captures.late():
        found = captures.of(key)
        turns = _turns(found)
        if turns:
            attempt = _attempt(key[1], key[2], turns, _no_verdict())
            ids = [one["id"] for one in found]
            captures.extend(attempt_id, attempt, found[0]["run_id"], ids)
            joined.turns += len(turns)
    return joined


def _made(
    captures: Captures, outcome: Mapping[str, Any], found: Sequence[Mapping[str, Any]]
) -> JoinResult:
    turns = _turns(found)
    if not turns:
        return JoinResult()
    facts = outcome["told"]
    attempt = _attempt(outcome["item_id"], outcome["attempt_num"], turns, _outcome(outcome))
    purpose = "evaluate" if any(one["purpose"] == "evaluate" for one in found) else "collect"
    run_id = captures.open_run(outcome["run_id"], run_row(turns, attempt.outcome, purpose))
    entry = AttemptEntry(run_id, _item(outcome["item_id"], facts), attempt)
    captures.make(entry, [one["id"] for one in found], outcome["id"])
    return JoinResult(made=1, turns=len(turns))  # what is none was counted when it was written


def _turns(found: Sequence[Mapping[str, Any]]) -> list[Turn]:
    return [turn for turn in map(turn_of, found) if turn is not None]


def run_row(turns: Sequence[Turn], outcome: Outcome, purpose: str) -> dict[str, Any]:
    """Return what a run's row says of who acted and who judged."""
    return {
        "skill": "",
        "policy": f"model:{turns[-1].model}",
        "purpose": purpose,
        "evaluator": outcome.evaluator,
        "evaluator_version": outcome.evaluator_version,
        "content_digest": "",
        "config": {"source": {"name": "proxy"}},
    }


def _attempt(item_id: str, number: int, turns: Sequence[Turn], outcome: Outcome) -> Attempt:
    worker = next((turn for turn in reversed(turns) if turn.agent == "worker"), turns[-1])
    return Attempt(
        item_id=item_id,
        attempt_num=number,
        origin=Origin.MODEL,
        prompt=prompt_of(turns),
        tool_call=calls.answered(turns),
        outcome=outcome,
        turns=turns,
        model=worker.model,
        prompt_tokens=_sum(turns, "prompt_tokens"),
        completion_tokens=_sum(turns, "completion_tokens"),
    )


def _outcome(row: Mapping[str, Any]) -> Outcome:
    facts = row["told"]
    confidence, mode = facts.get("confidence"), facts.get("failure_mode")
    number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    return Outcome(
        passed=row["passed"],
        value=row["value"],
        confidence=min(max(float(confidence), 0.0), 1.0) if number else 1.0,
        failure_mode=None if row["passed"] else str(mode or "failed"),
        summary=str(facts.get("summary") or ""),
        evaluator=str(facts.get("evaluator") or EVALUATOR),
        evaluator_version=str(facts.get("evaluator_version") or "posted"),
        infrastructure=facts.get("infrastructure") is True,
        signals=facts,
    )


def _no_verdict() -> Outcome:
    return Outcome(False, 0.0, 0.0, "no_verdict", "", "", "", infrastructure=True)


def _item(item_id: str, facts: Mapping[str, Any]) -> WorkItem:
    words = {
        name: str(facts[name])[:500]
        for name in ("title", "severity", "family", "group_key")
        if facts.get(name)
    }
    usual = {"title": item_id, "severity": "", "family": "other", "group_key": item_id}
    return WorkItem(item_id, **usual | words)


def _sum(turns: Sequence[Turn], name: str) -> int | None:
    known = [getattr(turn, name) for turn in turns]
    return (
        sum(one for one in known if one is not None) if any(k is not None for k in known) else None
    )
