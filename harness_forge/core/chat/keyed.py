"""Parts identified by their key instead of a type, as in Gemini's and Bedrock's APIs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_CALLS = ("functionCall", "function_call", "toolUse")
_RESULTS = ("functionResponse", "function_response", "toolResult")

_THOUGHTS = ("reasoningContent",)
_CACHE = {"cachePoint"}


def typed(raw: Sequence[Any]) -> list[Any]:
    """Return parts with types; typed parts and unknown forms are unchanged.

    A mark of Bedrock's cache says nothing to a model, and is left out.
    """
    return [part(one) for one in raw if not (isinstance(one, Mapping) and one.keys() == _CACHE)]


def part(raw: Any) -> Any:
    """Return a call, a result or a thought with its type; anything else unchanged."""
    if not isinstance(raw, Mapping):
        return raw
    if raw.get("thought") is True and isinstance(raw.get("text"), str):
        return {"type": "thinking", "thinking": raw["text"]}
    if "type" in raw:
        return raw
    if (call := _first(raw, _CALLS)) is not None:
        number = call.get("id") or call.get("toolUseId")
        given = call.get("args") if "args" in call else call.get("input")
        made = {"type": "tool_use", "name": call.get("name"), "input": given}
        return {**made, "id": number} if number else made
    if (result := _first(raw, _RESULTS)) is not None:
        return _result(result)
    if (thought := _first(raw, _THOUGHTS)) is not None:
        said = thought.get("reasoningText")
        words = said.get("text") if isinstance(said, Mapping) else said
        if isinstance(words, str):
            return {"type": "thinking", "thinking": words}
        return {"type": "redacted_thinking"} if "redactedContent" in thought else raw
    return raw


def _first(raw: Mapping[str, Any], keys: Sequence[str]) -> Mapping[str, Any] | None:
    return next((raw[key] for key in keys if isinstance(raw.get(key), Mapping)), None)


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    number, name = result.get("id") or result.get("toolUseId"), result.get("name")
    said = _said(result["response"]) if "response" in result else result.get("content")
    made = {"type": "tool_result", "tool_use_id": number, "name": name, "content": said}
    return {key: value for key, value in made.items() if value is not None}


def _said(response: Any) -> str:
    """Return a response as text; Gemini uses an object with the text under one key."""
    if isinstance(response, Mapping) and len(response) == 1:
        [(key, words)] = response.items()
        if key in ("result", "output", "content") and isinstance(words, str):
            return words
    return response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)
