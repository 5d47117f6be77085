"""A record of the spool as a row of the store: the answer put together, the keys found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from harness_forge.collect.capture.turns import obstacle
from harness_forge.core.chat import anthropic
from harness_forge.core.chat.usage import token_kinds
from harness_forge.core.jsontext import first_count, object_in
from harness_forge.serving.proxy.body import parsed
from harness_forge.serving.proxy.keys import Patterns, RequestKeys
from harness_forge.serving.proxy.reassembly import ResponseBody, assembled, decoded
from harness_forge.serving.proxy.spool import Record
from harness_forge.store.escaping import storable

Redact = Callable[[Any], Any]
_PURPOSES = ("collect", "evaluate")
_SPOKEN = ("chat", "ollama_chat", "response", "message", "completion")
NO_TURN = "no turn: "
"""How the `fault` of a whole capture begins that can be part of no attempt."""


def keys_of(record: Record, request: Any, patterns: Patterns) -> RequestKeys:
    """Return the keys of a request, from the caller and otherwise from its prompt."""
    said = _said(record)
    return said.filled(patterns.find(request, said.skill)) if patterns else said


def request_of(record: Record) -> Any:
    """Return a request's value; None where it is no JSON."""
    try:
        return parsed(record.request)
    except ValueError:
        return None


def capture_row(
    record: Record, request: Any, keys: RequestKeys, redact: Redact | None = None
) -> dict[str, Any]:
    """Return the row of `captures`.

    Args:
        redact: replaces what must not be stored.
    """
    facts = record.facts
    started = moment(facts["at"])
    answer, raw = _answer(record)
    counted = _counted(facts["kind"], answer.value)
    usage = _usage(counted)
    fault = facts["fault"] or answer.fault or ("the answer was too large" if facts["cut"] else "")
    whole = answer.whole and not fault
    if whole and facts["status"] == 200 and facts["kind"] in _SPOKEN:
        why = obstacle({"kind": facts["kind"], "request": request, "response": answer.value})
        fault = NO_TURN + why if why else ""
    request, request_text = _storable(request, record.request, redact)
    response, response_text = _storable(answer.value, raw, redact)
    return {
        "id": facts["id"],
        "started_at": started,
        **_named(keys, started),
        "agent": keys.role or None,
        "purpose": purpose_of(keys, facts),
        "kind": facts["kind"],
        "status": facts["status"],
        "fault": fault,
        "whole": whole,
        "route": facts["route"],
        "arm": facts["arm"],
        "probability": facts["probability"],
        "sticky": facts["sticky"],
        "upstream": facts["upstream"],
        "shadow_of": facts.get("shadow_of"),
        "escalated_from": facts.get("escalated_from"),
        "model_asked": facts["asked"],
        "model_sent": facts["sent"],
        "model": _text(_field(answer.value, "model")),
        "stream": facts["stream"],
        "chunks": facts["chunks"],
        "before_s": facts["before_s"],
        "first_s": facts["first_s"],
        "total_s": facts["total_s"],
        "finish_reason": _finish(counted),
        "prompt_tokens": first_count(usage, "prompt_tokens", "input_tokens", "prompt_eval_count"),
        "completion_tokens": first_count(usage, "completion_tokens", "output_tokens", "eval_count"),
        **token_kinds(usage),
        "headers": facts["headers"],
        "request": request,
        "response": response,
        "raw_request": request_text,
        "raw_response": response_text,
    }


def draw_row(record: Record) -> dict[str, Any]:
    """Return the row of `draws`."""
    facts = record.facts
    drawn = moment(facts["at"])
    return {
        "id": facts["id"],
        "drawn_at": drawn,
        **_named(_said(record), drawn),
        "route": facts["route"],
        "arm": facts["arm"],
        "probability": facts["probability"],
        "sticky": facts["sticky"],
    }


def outcome_row(record: Record) -> dict[str, Any]:
    """Return the row of `outcomes`."""
    facts, keys = record.facts, record.facts["keys"]
    posted = moment(facts["at"])
    return {
        "id": facts["id"],
        "posted_at": posted,
        "run_id": keys.get("run") or day_run(posted),
        "item_id": keys["item"],
        "attempt_num": keys["attempt"],
        "passed": facts["passed"],
        "value": facts["value"],
        "told": facts["told"],
    }


def _said(record: Record) -> RequestKeys:
    known = record.facts["keys"]
    return RequestKeys(
        **{name: known[name] for name in RequestKeys.__dataclass_fields__ if name in known}
    )


def _named(keys: RequestKeys, when: datetime) -> dict[str, Any]:
    return {
        "run_id": keys.run or day_run(when),
        "item_id": keys.item or None,
        "attempt_num": keys.attempt or (1 if keys.item else None),
    }


def moment(nanoseconds: int) -> datetime:
    """Return a time of the clock."""
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)


def day_run(when: datetime) -> str:
    """Return the run of requests that name none: one a day."""
    return f"proxy-{when:%Y%m%d}"


def purpose_of(keys: RequestKeys, facts: Mapping[str, Any]) -> str:
    """Return whether a capture may ever be exported; the stricter word counts."""
    said = {keys.purpose, facts["purpose"]}
    return "evaluate" if "evaluate" in said or not said & set(_PURPOSES) else "collect"


def _answer(record: Record) -> tuple[ResponseBody, bytes]:
    facts = record.facts
    try:
        raw = decoded(facts["content_encoding"], record.response)
    except ValueError as error:
        return ResponseBody(None, False, f"the answer {error}"), record.response
    if not raw:
        return ResponseBody(None, False, "" if facts["fault"] else "the answer is empty"), raw
    return assembled(facts["kind"], facts["content_type"], raw), raw


def _storable(value: Any, raw: bytes, redact: Redact | None) -> tuple[Any, str | None]:
    """Return a body as JSON, or as text where it is none."""
    text = raw.decode("utf-8", "surrogateescape")
    try:
        storable(value)
        if value is None:
            return None, (redact(text) if redact else text) or None
        return (redact(value) if redact else value), None
    except RecursionError:
        return None, text if redact is None else "(nested too deeply to be redacted)"


def _counted(kind: str, value: Any) -> Any:
    """Return an answer with its tokens and its end where a chat completion has them."""
    if kind == "message" and anthropic.is_answer(object_in(value)):
        # Anthropic counts what a cache served beside the rest of the prompt.
        return anthropic.completion(value)
    return value


def _usage(value: Any) -> Mapping[str, Any]:
    usage = _field(value, "usage")
    if isinstance(usage, Mapping):
        return usage
    return value if isinstance(value, Mapping) else {}


def _finish(value: Any) -> str | None:
    choices = _field(value, "choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        return _text(choices[0].get("finish_reason"))
    return _text(_field(value, "done_reason")) or _text(_field(value, "status"))


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def size_of(row: Mapping[str, Any]) -> int:
    """Return about how many characters a row has."""
    return len(json.dumps(row.get("request"), default=str)) if "request" in row else 100
