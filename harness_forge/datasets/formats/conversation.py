"""Merges the turns of a conversation into one line: the last turn, with all answers trained.

Each turn's line holds the conversation before it as context. Where that is, word for word, what
another turn's line says, both can be one line, and the model reads their words once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness_forge.datasets.formats.common import WEIGHT


class Form(NamedTuple):
    """Where a format keeps messages and their roles."""

    messages: str
    role: str
    answering: str


FORMS: Mapping[str, Form] = {
    "sft": Form("messages", "role", "assistant"),
    "sharegpt": Form("conversations", "from", "gpt"),
}
"""Formats in which a line may hold several turns; the others have one, or no history."""


def goes_on(line: Mapping[str, Any], before: Mapping[str, Any], form: Form) -> bool:
    """Return whether another turn's messages are a prefix of a turn's line."""
    earlier_messages, own_messages = before[form.messages], line[form.messages]
    return (
        len(own_messages) > len(earlier_messages)
        and line["tools"] == before["tools"]
        and list(map(_words, own_messages[: len(earlier_messages)]))
        == list(map(_words, earlier_messages))
    )


def _words(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message without its weight and call names, which answers do not have."""
    words = {key: value for key, value in message.items() if key != WEIGHT}
    if calls := message.get("tool_calls"):
        words["tool_calls"] = [
            {key: value for key, value in call.items() if key != "id"} for call in calls
        ]
    return words


def merged(lines: Sequence[Mapping[str, Any]], form: Form, name: str) -> dict[str, Any]:
    """Return the merged line of turns of which each extends the one before.

    Args:
        lines: theirs, in order; the last one's other keys are kept.
        name: the line's id.
    """
    *earlier, last = lines
    messages = list(last[form.messages])
    for line in earlier:
        place = len(line[form.messages]) - 1
        messages[place] = {k: v for k, v in messages[place].items() if k != WEIGHT}
    return {**last, "id": name, form.messages: messages}


def learned(line: Mapping[str, Any], form: Form) -> list[int]:
    """Return the indices of the messages that are trained on."""
    return [
        place
        for place, message in enumerate(line[form.messages])
        if message[form.role] == form.answering and message.get(WEIGHT) != 0
    ]
