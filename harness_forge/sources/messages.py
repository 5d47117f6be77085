"""Messages in OpenAI form, whoever wrote them, and what shows that one was cut."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from harness_forge.records import Message, ToolCall
from harness_forge.sources.mapping import Misfit


def conversation(raw: Any) -> list[Message]:
    """Return a list of messages; arguments that are objects become JSON strings.

    Raises:
        Misfit: it is no list of objects with a role.
    """
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            raise Misfit("messages are a text, not a list") from None
    if not isinstance(raw, list):
        raise Misfit(f"messages are {_kind(raw)}, not a list")
    return [message(one, place) for place, one in enumerate(raw)]


def message(raw: Any, place: int = 0) -> Message:
    """Return one message.

    Raises:
        Misfit: it has no role.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("role"), str):
        raise Misfit(f"message {place} is {_kind(raw)} without a role")
    kept = dict(raw)
    function = kept.pop("function_call", None)
    if isinstance(function, Mapping) and not kept.get("tool_calls"):
        kept["tool_calls"] = [{"type": "function", "function": function}]
    if not kept.get("tool_calls"):
        kept.pop("tool_calls", None)
    elif isinstance(kept["tool_calls"], list):
        kept["tool_calls"] = [_call(call) for call in kept["tool_calls"]]
    return kept


def _call(raw: Any) -> Any:
    """Return a call with its arguments as a JSON string; a broken one is left as it is."""
    function = raw.get("function") if isinstance(raw, Mapping) else None
    if not isinstance(function, Mapping) or isinstance(function.get("arguments"), str | None):
        return raw
    text = json.dumps(function["arguments"], ensure_ascii=False)
    return {**raw, "function": {**function, "arguments": text}}


def only_call(response: Message) -> ToolCall | None:
    """Return the call of an answer that makes exactly one, its arguments parsed."""
    calls = response.get("tool_calls")
    if not isinstance(calls, list) or len(calls) != 1:
        return None
    function = calls[0].get("function") if isinstance(calls[0], Mapping) else None
    arguments = _arguments(function)
    name = function.get("name") if isinstance(function, Mapping) else None
    return ToolCall(name, arguments) if arguments is not None and isinstance(name, str) else None


def _arguments(function: Any) -> Mapping[str, Any] | None:
    if not isinstance(function, Mapping):
        return None
    try:
        parsed = json.loads(function.get("arguments") or "")
    except (ValueError, TypeError, RecursionError):
        return None
    return parsed if isinstance(parsed, Mapping) else None


def cut(response: Message, lengths: Collection[int]) -> bool:
    """Return whether a text of the answer is exactly as long as a writer's limit."""
    return bool(lengths) and any(len(text) in lengths for text in _texts(response))


def _texts(response: Message) -> list[str]:
    found = [response.get("content")]
    calls = response.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        arguments = _arguments(function)
        if arguments is not None:
            found += arguments.values()
        elif isinstance(function, Mapping):
            found.append(function.get("arguments"))
    return [text for text in found if isinstance(text, str)]


def rendered(messages: Sequence[Message]) -> str:
    """Return a prompt as one text for people: role and words, message by message."""
    return "\n\n".join(f"{one['role']}: {_shown(one.get('content'))}".rstrip() for one in messages)


def _shown(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return json.dumps(content, ensure_ascii=False)


def _kind(raw: Any) -> str:
    return "nothing" if raw is None else f"a {type(raw).__name__}"
