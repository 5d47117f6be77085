"""Parts shared by the lines of several formats.

`tools` and the arguments of a call are JSON strings. As nested objects they
come back from Arrow, which `datasets` reads into, padded with the null fields
of every other tool of the file, and those nulls end up in prompts. Axolotl and
TRL parse the strings. No value is ever null, for the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.examples import RowSource
from harness_forge.core.records import Message
from harness_forge.datasets.formats.unrepresentable import Unrepresentable

WEIGHT = "weight"
"""The mark of a message: an assistant's with 0 is context and never learned, every other one is.

Fine-tuning services read that key too, and Axolotl by the name that its config gives it.
"""

_last: tuple[Sequence[Mapping[str, Any]], str] = ((), "[]")
"""The tools that were asked for last, and their text."""


def origin_keys(origin: RowSource) -> dict[str, str]:
    """Return the origin keys of a line."""
    return {
        "source": origin.source,
        "run_id": origin.run_id,
        "item_id": origin.item_id,
        "family": origin.family,
        "split": origin.split,
        "policy": origin.policy,
        "origin": origin.origin,
        "evaluator": origin.evaluator,
    }


def context(messages: Sequence[Message], role: str = "role", answering: str = "assistant"):
    """Return messages as context: each answer among them gets weight 0.

    Args:
        role: the key of the speaker.
        answering: its value for an answer.
    """
    return [
        {**message, WEIGHT: 0} if message[role] == answering else message for message in messages
    ]


def tools_text(tools: Sequence[Mapping[str, Any]]) -> str:
    """Return tool schemas as the JSON string that trainers parse."""
    # A harness offers the same tools all day, and rows of one kind share the object.
    global _last
    if tools is not _last[0]:
        _last = tools, jsontext.dumps(list(tools)).decode()
    return _last[1]


def thought_of(message: Message) -> str:
    """Return the reasoning before an answer, as the shipped chat template renders it."""
    thought = message.get("reasoning_content")
    return f"<think>\n{thought}\n</think>\n\n" if thought else ""


def calls_of(message: Message) -> Iterator[tuple[str, str]]:
    """Yield name and arguments, as a JSON string, of each call of a message.

    Raises:
        Unheld: `unheld_calls`: a call without a name or with arguments of no form.
    """
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        arguments = function.get("arguments") if name else None
        if isinstance(arguments, Mapping):
            arguments = json.dumps(arguments, ensure_ascii=False)
        if not isinstance(name, str) or not isinstance(arguments, str):
            raise Unrepresentable("unheld_calls")
        yield name, arguments


def call_text(name: str, arguments: str) -> str:
    """Return a call as one JSON text, its arguments in the order they were sent in."""
    return f'{{"name": {jsontext.dumps(name).decode()}, "arguments": {arguments}}}'
