"""Calls in canonical form: arguments as JSON text, keys in the order they were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.chat import calls, markup
from harness_forge.core.chat.arguments import Arguments, read, settled, written
from harness_forge.core.chat.canonical_choices import Notes
from harness_forge.core.chat.faults import Malformed, MessagesRefused
from harness_forge.core.chat.offer import ToolOffer
from harness_forge.core.chat.padding import unpadded_arguments
from harness_forge.core.chat.tools import Tool, schema_of

Shown = dict[str, Any]
"""A message in canonical form."""

_USUAL = frozenset(("role", "content", "tool_calls"))


def is_usual(raw: Mapping[str, Any]) -> bool:
    """Return whether an answer has only text and calls in OpenAI's form, as most have.

    Such an answer has no numbers that parsing could round.
    """
    content, said = raw.get("content"), raw.get("tool_calls")
    return (
        raw.keys() <= _USUAL
        and raw.get("role", "assistant") == "assistant"
        and (content is None or (isinstance(content, str) and markup.is_plain(content)))
        and (said is None or calls.are_openai(said))
    )


def with_calls(
    shown: Shown, said: Any, offered: ToolOffer, notes: Notes, *, several: bool = True, demand=False
) -> Shown:
    """Return a message with its calls in canonical form; see `canonical_call`."""
    if not said:
        return shown
    if not isinstance(said, list):
        raise MessagesRefused("unknown_call_form")
    if not several and len(said) - said.count(None) > 1:
        raise MessagesRefused("several_calls")
    made = [canonical_call(_known(one), offered, notes, demand) for one in said if one is not None]
    return {**shown, "tool_calls": made} if made else shown


def canonical_call(
    known: Mapping[str, Any], offered: ToolOffer, notes: Notes, demand: bool
) -> Shown:
    """Return one call with canonical arguments.

    Args:
        known: the call in OpenAI's form.
        demand: its tool must be offered, and it gets no id; otherwise it keeps its id.
    """
    name, arguments = known["function"]["name"], known["function"].get("arguments")
    tool = offered.get(name)
    if demand and tool is None:
        raise MessagesRefused("unknown_tool")
    if demand:
        found = _arguments(arguments, tool, offered, notes)
        notes.meant.append(found.value)
        return {"type": "function", "function": {"name": name, "arguments": found.text}}
    function = {"name": name, "arguments": _history_arguments(arguments, tool, offered, notes)}
    number = known.get("id")
    if not number or not isinstance(number, str):
        return {"type": "function", "function": function}
    return {"id": number, "type": "function", "function": function}


def _history_arguments(raw: Any, tool: Tool | None, offered: ToolOffer, notes: Notes) -> str:
    """Return canonical arguments of a call in the history; most are cached from earlier rows."""
    try:
        if isinstance(raw, str) and (text := settled(raw)) is not None:
            return text
    except ValueError:
        pass  # it may mean "no arguments", which is handled below
    return _arguments(raw, tool, offered, notes).text


def _arguments(raw: Any, tool: Tool | None, offered: ToolOffer, notes: Notes) -> Arguments:
    """Return arguments in canonical form; {} if they are missing and none is required."""
    try:
        found = read(raw if isinstance(raw, str) else written(raw))
    except ValueError:
        empty = raw in (None, []) or (isinstance(raw, str) and raw.strip() in calls.NOTHING)
        if not empty or tool is None or schema_of(tool).get("required"):
            raise MessagesRefused("broken_arguments") from None
        return Arguments("{}", {}, True)
    if not found.hollow:
        return found
    unpadded = unpadded_arguments(found.value, tool, offered.properties)
    if unpadded is found.value or unpadded == found.value:
        return found
    notes.add("padding")
    return Arguments(written(unpadded), unpadded, True)


def _known(call: Any) -> Mapping[str, Any]:
    try:
        return calls.call(call)
    except Malformed:
        raise MessagesRefused("unknown_call_form") from None
