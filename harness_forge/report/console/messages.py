"""Messages and turns as elements: who said what, calls and results in full."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core.chat import calls
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.chat.parts import apart
from harness_forge.core.numbers import count
from harness_forge.report.html import Html, tag

_LONG = 2_000
"""Characters from which on a message is folded."""
_MOST = 30_000
"""Characters of a message that are shown."""


def conversation(messages: Any) -> Html:
    """Return messages in order; anything else is shown as it is."""
    if not isinstance(messages, list):
        return block(pretty(messages))
    return tag("ol", [tag("li", message(one)) for one in messages], class_="talk")


def message(one: Any) -> list[Html]:
    """Return one message: its role, thoughts, words and calls."""
    if not isinstance(one, Mapping):
        return [block(pretty(one))]
    name = one.get("name") or one.get("tool_call_id")
    head = tag("h4", str(one.get("role", "no role")), tag("span", f" {name}", class_="note")
               if name else None)  # fmt: skip
    shown = [head]
    words, thoughts = _said(one)
    if thoughts:
        shown.append(folded("thoughts", thoughts))
    if words:
        shown.append(long(words))
    for call in _calls(one):
        shown.append(tag("p", "calls ", tag("code", call[0])))
        shown.append(long(call[1]))
    return shown if len(shown) > 1 else [*shown, tag("p", "(nothing)", class_="note")]


def text_of(one: Any) -> str:
    """Return what a message says and calls as one text, for comparison line by line."""
    if not isinstance(one, Mapping):
        return pretty(one) if one else ""
    words, _ = _said(one)
    parts = [words] if words else []
    parts += [f"{name}\n{arguments}" for name, arguments in _calls(one)]
    return "\n".join(parts)


def long(text: str) -> Html:
    """Return a text, folded where it is long."""
    if len(text) <= _LONG:
        return block(text)
    return folded(f"{count(len(text))} characters: {' '.join(text[:80].split())} …", text)


def folded(summary: str, text: str) -> Html:
    """Return a text that is opened by a click or a key."""
    return tag("details", tag("summary", summary), block(text))


def block(text: str) -> Html:
    """Return a text as it is; the end of a very long one is left out, and that is said."""
    cut = len(text) - _MOST
    note = tag("p", f"{count(cut)} more characters are not shown.", class_="note")
    return tag("div", tag("pre", text[:_MOST]), note if cut > 0 else None)


def pretty(value: Any) -> str:
    """Return a value as indented JSON; a text as it is."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, indent=1, ensure_ascii=False, default=str)
    except RecursionError:
        return "(nested too deeply to be shown)"


def arguments(value: Any) -> str:
    """Return the arguments of a call: one text alone by itself, else each under its name."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return str(value)
    if not isinstance(value, Mapping):
        return pretty(value)
    return "\n".join(
        f"{name}:\n{one}" if isinstance(one, str) and "\n" in one else f"{name}: {pretty(one)}"
        for name, one in value.items()
    )


def tool_name(tool: Any) -> str:
    """Return the name of a tool that a turn was offered."""
    made = tool.get("function", tool) if isinstance(tool, Mapping) else {}
    return str(made.get("name")) if isinstance(made, Mapping) else "?"


def fresh(messages: Sequence[Any], before: Sequence[Any]) -> Sequence[Any]:
    """Return the messages that a turn has beyond those which the turn before was shown."""
    shared = 0
    for one, other in zip(messages, before, strict=False):
        if one != other:
            break
        shared += 1
    return messages[shared:]


def _said(one: Mapping[str, Any]) -> tuple[str, str]:
    try:
        parts = apart(one)
    except (Malformed, TypeError, AttributeError, ValueError):
        return pretty(one.get("content")), ""
    words = parts.text or ""
    if not words and parts.others:
        words = pretty(one.get("content"))
    return words, "\n".join(parts.thoughts)


def _calls(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    raw = one.get("tool_calls") or ([one["function_call"]] if one.get("function_call") else [])
    found = []
    for each in raw if isinstance(raw, list) else [raw]:
        try:
            function = calls.call(each)["function"]
            found.append((str(function["name"]), arguments(function.get("arguments"))))
        except (Malformed, TypeError, KeyError, ValueError):
            found.append(("in no known form", pretty(each)))
    return found
