"""One row as filters see it, and the shape of a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from harness_forge.records import Message


class Call(NamedTuple):
    """One call of an answer.

    Args:
        name: the tool's; '' where it has none.
        arguments: as they mean; the text itself where it is no JSON.
    """

    name: str
    arguments: Any


@dataclass(frozen=True)
class Candidate:
    """A prompt, and the answer that would be learned from.

    Nothing here trusts its input: an answer may be of any shape that JSON has.

    Args:
        messages: the prompt.
        tools: what was offered with it.
        answer: one assistant message.
        role: whose turn it is.
        outcome_value: 0 to 1, as it was judged; None where it was not.
        finish_reason: why the model stopped, as its server said; None where no model was asked.
        flags: reasons of the label audit's flags on the row.
        writer: the evaluator, source or policy that wrote the row, as the store names it.
    """

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    answer: Message
    role: str = ""
    item_id: str = ""
    family: str = ""
    outcome_value: float | None = None
    finish_reason: str | None = None
    flags: Sequence[str] = ()
    writer: str = ""

    @cached_property
    def calls(self) -> Sequence[Call]:
        """The calls of the answer, their arguments parsed once for all filters."""
        found = self.answer.get("tool_calls")
        return [_call(call) for call in found] if isinstance(found, list | tuple) else ()

    @cached_property
    def strings(self) -> Sequence[str]:
        """The content, then every string among the calls' arguments; none is empty."""
        parts = [content_of(self.answer)]
        for call in self.calls:
            parts += _strings(call.arguments)
        return [part for part in parts if part]

    @cached_property
    def text(self) -> str:
        """The words to be learned: `strings`, one after the other."""
        return "\n".join(self.strings)


Filter = Callable[[Sequence[Candidate]], list[str | None]]
"""Returns for each candidate why it is rejected, as a stable word, or None."""


def content_of(message: Any) -> str:
    """Return a message's content as one text; '' where it has none."""
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str):
        return content
    if isinstance(content, list | tuple):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _call(call: Any) -> Call:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        return Call("", None)
    name, arguments = function.get("name"), function.get("arguments")
    if isinstance(arguments, str):
        with suppress(ValueError):
            arguments = orjson.loads(arguments)
    return Call(name if isinstance(name, str) else "", arguments)


def _strings(value: Any) -> list[str]:
    """Return every string in `value`, in order; without recursion, for depth comes from outside."""
    found, rest = [], [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, Mapping):
            rest.extend(reversed(item.values()))
        elif isinstance(item, list | tuple):
            rest.extend(reversed(item))
    return found
