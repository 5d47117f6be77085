"""A strict parser of a model's answer, fixed before any look at a holdout.

Exactly one valid call of an offered tool, and nothing after it. A lenient
parser would count luck as skill: one that takes the first JSON object of an
answer that runs on doubles the score of a model that never learned to stop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core.chat.call_forms import END_OF_TURN, FORMS, HERMES, found
from harness_forge.core.records import Message, ToolCall

CUT_OFF = "cut_off"
NO_CALL = "no_call"
SEVERAL_CALLS = "several_calls"
TRAILING_TEXT = "trailing_text"
UNPARSABLE = "unparsable"
UNKNOWN_TOOL = "unknown_tool"
BAD_ARGUMENTS = "bad_arguments"


def parse_message(
    message: Message,
    finish_reason: str | None,
    tools: Sequence[Mapping[str, Any]],
    form: str = HERMES,
) -> tuple[ToolCall | None, str | None]:
    """Return the one tool call of an assistant message, or why there is none.

    Args:
        message: OpenAI form; calls are in `tool_calls` if the server parsed
            them, in `content` if it did not.
        finish_reason: `length` makes the answer a failure whatever it holds.
        tools: OpenAI tool schemas that were offered.
        form: how the model writes calls in `content`, a name of `core.chat.call_forms.FORMS`.

    Returns:
        (call, None) or (None, reason); reason is a constant of this module.
    """
    if finish_reason == "length":
        return None, CUT_OFF
    calls = message.get("tool_calls") or []
    if calls:
        if len(calls) > 1:
            return None, SEVERAL_CALLS
        function = calls[0].get("function") or {}
        return _checked(function.get("name"), function.get("arguments"), tools)
    return parse_text(message.get("content") or "", tools, form)


def parse_text(
    text: str, tools: Sequence[Mapping[str, Any]], form: str = HERMES
) -> tuple[ToolCall | None, str | None]:
    """Return the one call in `text`, or why there is none."""
    for mark in END_OF_TURN:
        text = text.removesuffix(mark)
    calls, begun = found(text, form, tools), FORMS[form].begun(text)
    if not calls:
        return None, UNPARSABLE if begun else NO_CALL
    if len(calls) > 1 or begun > 1:
        return None, SEVERAL_CALLS
    if text[calls[0].end :].strip():
        return None, TRAILING_TEXT
    if calls[0].body is None:
        return None, UNPARSABLE
    return _checked(*calls[0].body, tools)


def _checked(
    name: object, arguments: object, tools: Sequence[Mapping[str, Any]]
) -> tuple[ToolCall | None, str | None]:
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}
    if not isinstance(name, str) or name not in schemas:
        return None, UNKNOWN_TOOL
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return None, BAD_ARGUMENTS
    if not isinstance(arguments, dict) or not _fits(arguments, schemas[name]):
        return None, BAD_ARGUMENTS
    return ToolCall(name, arguments), None


def _fits(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Check required keys, unknown keys, and the type and choices of each value."""
    properties = schema.get("properties", {})
    if set(schema.get("required", ())) - set(arguments) or set(arguments) - set(properties):
        return False
    return all(_is(value, properties[key]) for key, value in arguments.items())


_TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def _is(value: Any, part: Mapping[str, Any]) -> bool:
    """Return whether a value is of the schema's type and among its choices."""
    kind, choices = part.get("type"), part.get("enum")
    if choices is not None and value not in choices:
        return False
    if not isinstance(kind, str) or kind not in _TYPES:
        return True
    if isinstance(value, bool) and kind != "boolean":
        return False  # in Python a truth value is a number
    return isinstance(value, _TYPES[kind])
