"""One row as filters see it, and the shape of a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from harness_forge.records import Message


@dataclass(frozen=True)
class Candidate:
    """A prompt, and the answer that would be learned from.

    Args:
        messages: the prompt.
        tools: what was offered with it.
        answer: one assistant message.
        role: whose turn it is.
        outcome_value: 0 to 1, as it was judged; None where it was not.
        finish_reason: why the model stopped, as its server said; None where no model was asked.
    """

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    answer: Message
    role: str = ""
    item_id: str = ""
    family: str = ""
    outcome_value: float | None = None
    finish_reason: str | None = None

    @cached_property
    def text(self) -> str:
        """The words to be learned: the content, then every string among the calls' arguments."""
        parts = [self.answer.get("content") or ""]
        for call in self.answer.get("tool_calls") or ():
            parts += _strings(_parsed(call["function"]["arguments"]))
        return "\n".join(part for part in parts if part)


Filter = Callable[[Sequence[Candidate]], list[str | None]]
"""Returns for each candidate why it is rejected, as a stable word, or None."""


def _parsed(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list):
        return []
    return [text for item in value for text in _strings(item)]
