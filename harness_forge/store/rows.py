"""Records as table rows: which field goes to which column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Json, Jsonb

from harness_forge.core.chat import parts
from harness_forge.core.records import Attempt, Outcome, Tip, TipRetrieval, Turn, WorkItem
from harness_forge.store.escaping import escape
from harness_forge.store.json_texts import JsonTexts, json_text
from harness_forge.store.shared_messages import SharedMessages

Row = dict[str, Any]


def insert(
    connection: psycopg.Connection, table: str, row: Row, ending: str = ""
) -> psycopg.Cursor:
    """Insert one row; strings are escaped on the way."""
    statement = insertion(table, row, ending)
    return connection.execute(statement, [bound(value) for value in row.values()])


def insertion(table: str, row: Row, ending: str = "") -> sql.Composed:
    """Return the statement that inserts a row with the columns of `row`."""
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
        sql.SQL(ending),
    )


def jsonb(value: Any) -> Jsonb:
    """Return any value as a jsonb column takes it: keys are sorted."""
    return Jsonb(json_text(value), dumps=str)


def json_as_is(value: Any) -> Json:
    """Return any value as a json column takes it: keys keep their order."""
    return Json(json_text(value), dumps=str)


def item_row(item: WorkItem) -> Row:
    """Return the row of `items`."""
    return {
        "item_id": item.item_id,
        "title": item.title,
        "severity": item.severity,
        "family": item.family,
        "group_key": item.group_key,
        "full_cycle": item.full_cycle,
        "digest": item.digest,
        "facts": jsonb(item.facts),
        "cluster": item.cluster,
    }


def work_item_row(run_id: str, item: WorkItem) -> Row:
    """Return the row of `work_items`: the item as it was when attempted."""
    return {
        "run_id": run_id,
        "item_id": item.item_id,
        "title": item.title,
        "category": item.family,
        "family": item.family,
        "group_key": item.group_key,
        "severity": item.severity,
        "digest": item.digest,
    }


def attempt_row(run_id: str, attempt: Attempt, decisive: Turn | None) -> Row:
    """Return the row of `attempts`; `decisive` is the turn that answered."""
    outcome, call = attempt.outcome, attempt.tool_call
    return {
        "run_id": run_id,
        "item_id": attempt.item_id,
        "attempt_num": attempt.attempt_num,
        "approach": attempt.approach,
        "eval_passed": outcome.passed,
        "failure_mode": outcome.failure_mode,
        "reflection": attempt.reflection,
        "lesson": attempt.lesson,
        "wall_time_s": outcome.seconds,
        "approach_prompt": attempt.prompt,
        "tool_call": json_as_is({"name": call.name, "arguments": call.arguments}) if call else None,
        "response": _words(decisive.response) if decisive else None,
        "outcome_value": outcome.value,
        "outcome_confidence": outcome.confidence,
        "outcome": jsonb(_whole(outcome)),
        "evaluator": outcome.evaluator,
        "evaluator_version": outcome.evaluator_version,
        "origin": str(attempt.origin),
        "variant": attempt.variant,
        "model": attempt.model,
        "adapter": attempt.adapter,
        "prompt_tokens": attempt.prompt_tokens,
        "completion_tokens": attempt.completion_tokens,
        "infrastructure": outcome.infrastructure,
    }


def turn_row(
    run_id: str,
    attempt_id: int,
    attempt: Attempt,
    place: int,
    turn: Turn,
    decisive: bool,
    texts: JsonTexts,
    shared: SharedMessages | None = None,
) -> Row:
    """Return the row of `turns`.

    Args:
        place: counts from 0 within the attempt.
        texts: of the attempt's values.
        shared: where the attempt's messages are; None where each turn has its own.
    """
    calls = turn.response.get("tool_calls")
    return {
        "run_id": run_id,
        "attempt_id": attempt_id,
        "item_id": attempt.item_id,
        "attempt_num": attempt.attempt_num,
        "agent": turn.agent,
        "iteration": place,
        "decisive": decisive,
        "started_at": turn.started_at,
        "elapsed_s": turn.elapsed_s,
        "prompt_tokens": turn.prompt_tokens,
        "completion_tokens": turn.completion_tokens,
        "cached_tokens": turn.cached_tokens,
        "reasoning_tokens": turn.reasoning_tokens,
        "content": _content(turn.response),
        "structured": Jsonb(texts.of(calls), dumps=str) if calls else None,
        "messages": None if shared else Json(texts.of_list(turn.messages), dumps=str),
        "shared": shared.spans[place] if shared else None,
        "tools": Json(texts.of(turn.tools), dumps=str),
        "sampling": Jsonb(texts.of(turn.sampling), dumps=str),
        "response": Json(texts.of(turn.response), dumps=str),
        "finish_reason": turn.finish_reason,
        "model": turn.model,
    }


def tip_row(run_id: str, attempt_id: int, attempt: Attempt, tip: Tip) -> Row:
    """Return the row of `tips`, with the attempt it was drawn from."""
    return {
        "text": tip.text,
        "tip_type": tip.tip_type,
        "mechanism": tip.mechanism,
        "trigger_conditions": list(tip.trigger_conditions),
        "application_context": list(tip.application_context),
        "source_attempt_id": attempt_id,
        "source_run_id": run_id,
        "source_rule_id": attempt.item_id,
        "outcome_at_source_value": attempt.outcome.value,
        "outcome_at_source_confidence": attempt.outcome.confidence,
    }


def retrieval_row(run_id: str, attempt_id: int, attempt: Attempt, drawn: TipRetrieval) -> Row:
    """Return the row of `tip_retrievals`."""
    # Without a verdict there is no outcome to learn from.
    judged = not attempt.outcome.infrastructure
    return {
        "run_id": run_id,
        "attempt_id": attempt_id,
        "tip_id": drawn.tip_id,
        "rule_id": attempt.item_id,
        "rank": drawn.rank,
        "similarity_score": drawn.similarity_score,
        "outcome_value": attempt.outcome.value if judged else None,
        "outcome_confidence": attempt.outcome.confidence if judged else None,
        "included": drawn.included,
        "probability": drawn.probability,
    }


def decisive_turn(attempt: Attempt) -> int | None:
    """Return the index of the decisive worker turn: the last one.

    If the attempt has a tool call, the last turn with a call: a worker may
    finish with a text, as gemma-forge's does.
    """
    places = [place for place, turn in enumerate(attempt.turns) if turn.agent == "worker"]
    called = [place for place in places if attempt.turns[place].response.get("tool_calls")]
    if attempt.tool_call and called:
        return called[-1]
    return places[-1] if places else None


def _content(response: Mapping[str, Any]) -> str | None:
    """Return the text of an answer, from a string or parts; thoughts are left out."""
    return parts.text_of(response)


def _words(response: Mapping[str, Any]) -> str | None:
    """Return the response's text, or its tool calls as JSON if it has no text."""
    calls = response.get("tool_calls")
    return _content(response) or (json_text(calls) if calls else None)


def _whole(outcome: Outcome) -> Mapping[str, Any]:
    return {
        "passed": outcome.passed,
        "value": outcome.value,
        "confidence": outcome.confidence,
        "failure_mode": outcome.failure_mode,
        "summary": outcome.summary,
        "infrastructure": outcome.infrastructure,
        "seconds": outcome.seconds,
        "signals": outcome.signals,
    }


def bound(value: Any) -> Any:
    """Return a column's value as PostgreSQL takes it: strings are escaped."""
    if isinstance(value, str):
        return escape(value)
    return [bound(inner) for inner in value] if isinstance(value, list) else value
