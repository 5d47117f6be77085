"""A capture as a turn: the whole request, the whole answer, nothing made up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.records import Message, ToolCall, Turn

_NOT_SAMPLING = {"messages", "tools", "functions", "model", "stream", "stream_options", "user"}


def turn_of(capture: Mapping[str, Any], agent: str = "") -> Turn | None:
    """Return the turn; None where several answers were asked for: which one counted is not known.

    Args:
        agent: who asked, where the capture does not say.
    """
    request, response = capture["request"], capture["response"]
    message, finish = _message(response)
    messages = request.get("messages") if isinstance(request, Mapping) else None
    if message is None or not isinstance(messages, list):
        return None
    return Turn(
        agent=capture["agent"] or agent or "agent",
        messages=[_plain(one) for one in messages if isinstance(one, Mapping)],
        tools=_tools(request),
        response=_plain(message),
        model=capture["model"] or capture["model_sent"] or "unknown",
        sampling={key: value for key, value in request.items() if key not in _NOT_SAMPLING},
        finish_reason=finish or capture["finish_reason"],
        prompt_tokens=capture["prompt_tokens"],
        completion_tokens=capture["completion_tokens"],
        started_at=capture["started_at"],
        elapsed_s=capture["total_s"] or 0.0,
    )


def only_call(turns: Sequence[Turn]) -> ToolCall | None:
    """Return the call of the last worker turn that made exactly one, its arguments parsed."""
    workers = [turn for turn in turns if turn.agent == "worker"] or list(turns)
    for turn in reversed(workers):
        calls = turn.response.get("tool_calls")
        if isinstance(calls, list) and calls:
            return _call(calls[0]) if len(calls) == 1 else None
    return None


def prompt_of(turns: Sequence[Turn]) -> str:
    """Return the prompt of the turn that gave the answer, as one text for people."""
    workers = [turn for turn in turns if turn.agent == "worker"] or list(turns)
    called = [turn for turn in workers if turn.response.get("tool_calls")]
    asked = (called or workers)[-1].messages if workers else ()
    return "\n\n".join(f"{one.get('role')}: {_shown(one.get('content'))}".rstrip() for one in asked)


def _message(response: Any) -> tuple[Mapping[str, Any] | None, str | None]:
    if not isinstance(response, Mapping):
        return None, None
    choices = response.get("choices")
    if isinstance(choices, list):
        if len(choices) != 1 or not isinstance(choices[0], Mapping):
            return None, None
        message = choices[0].get("message")
        return (message if isinstance(message, Mapping) else None), choices[0].get("finish_reason")
    message = response.get("message")  # Ollama's own form
    return (message if isinstance(message, Mapping) else None), None


def _plain(message: Mapping[str, Any]) -> Message:
    """Return a message with its calls' arguments as JSON texts, and no empty list of calls."""
    made = dict(message)
    calls = made.get("tool_calls")
    if not calls:
        made.pop("tool_calls", None)
    elif isinstance(calls, list):
        made["tool_calls"] = [_texted(call) for call in calls]
    return made


def _texted(call: Any) -> Any:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or isinstance(function.get("arguments"), str | None):
        return call
    text = json.dumps(function["arguments"], ensure_ascii=False)
    return {"type": "function", **call, "function": {**function, "arguments": text}}


def _tools(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    offered = request.get("tools")
    if isinstance(offered, list):
        return offered
    functions = request.get("functions")  # the form before 2023-11
    if isinstance(functions, list):
        return [{"type": "function", "function": one} for one in functions]
    return []


def _call(raw: Any) -> ToolCall | None:
    function = raw.get("function") if isinstance(raw, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        return None
    try:
        arguments = json.loads(function.get("arguments") or "")
    except (ValueError, TypeError, RecursionError):
        return None
    return ToolCall(function["name"], arguments) if isinstance(arguments, Mapping) else None


def _shown(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return json.dumps(content, ensure_ascii=False)
