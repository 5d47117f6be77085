"""A row as filters see it, and the interface of a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness_forge.core import jsontext
from harness_forge.core.records import Message

_LISTS, _MAPPINGS = (list, tuple), (dict, Mapping)
"""Concrete types come first: a check of an abstract class takes ten times as long."""


class Call(NamedTuple):
    """One call of an answer.

    Args:
        name: the tool's; '' where it has none.
        arguments: as they mean; the text itself where it is no JSON.
    """

    name: str
    arguments: Any


class _Once:
    """A property that is computed on first use.

    functools.cached_property takes a lock before Python 3.12, which is a
    fifth of the time of all filters. A candidate is one thread's.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, one: Any, owner: type | None = None) -> Any:
        if one is None:
            return self
        value = one.__dict__[self._name] = self._make(one)
        return value


@dataclass
class Candidate:
    """A prompt, and the answer to train on.

    Nothing here trusts its input: an answer may be of any shape that JSON has.

    Args:
        messages: the prompt.
        tools: what was offered with it.
        answer: one assistant message.
        role: of the agent that answered.
        outcome_value: 0 to 1, None if it was not judged.
        finish_reason: why the model stopped, as its server said; None if no model was asked.
        flags: reasons of the label audit's flags on the row.
        judge_score: 0 to 1, what `forge judge` gave the answer; None if it was not asked.
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
    judge_score: float | None = None

    @_Once
    def calls(self) -> Sequence[Call]:
        """The answer's calls, with their arguments parsed once for all filters."""
        found = self.answer.get("tool_calls")
        return [_call(call) for call in found] if isinstance(found, _LISTS) else ()

    @_Once
    def strings(self) -> Sequence[str]:
        """The content, the strings in the calls' arguments, and the reasoning; none is empty."""
        parts = [content_of(self.answer)]
        for call in self.calls:
            parts += jsontext.strings(call.arguments)
        parts += jsontext.strings(self.answer.get("reasoning_content"))
        return [part for part in parts if part]

    @_Once
    def text(self) -> str:
        """The text to train on: `strings`, joined."""
        return "\n".join(self.strings)


Filter = Callable[[Sequence[Candidate]], list[str | None]]
"""Returns for each candidate why it is rejected, as a stable word, or None."""


def content_of(message: Any) -> str:
    """Return a message's content as one text; '' where it has none."""
    content = message.get("content") if isinstance(message, _MAPPINGS) else None
    if isinstance(content, str):
        return content
    if isinstance(content, _LISTS):
        parts = [part.get("text") if isinstance(part, _MAPPINGS) else part for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _call(call: Any) -> Call:
    function = call.get("function") if isinstance(call, _MAPPINGS) else None
    if not isinstance(function, _MAPPINGS):
        return Call("", None)
    name, arguments = function.get("name"), function.get("arguments")
    if isinstance(arguments, str):
        arguments = _meant(arguments)
    return Call(name if isinstance(name, str) else "", arguments)


def _meant(text: str) -> Any:
    """Return the value of a JSON text; the text itself where it is not JSON."""
    try:
        return jsontext.loads(text)
    except ValueError:
        return text
