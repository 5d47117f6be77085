"""Merges the turns of a conversation into one line: the last turn, with all answers trained.

Each turn's line holds the conversation before it as context. Where that is, word for word, what
another turn's line says, both can be one line, and the model reads their words once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import xxhash

from harness_forge.datasets.formats.common import WEIGHT
from harness_forge.datasets.sql.rows import sorted_bytes


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


class Said(NamedTuple):
    """What a line says, as digests of its messages and of its tools."""

    messages: list[bytes]
    tools: bytes

    @classmethod
    def of(cls, line: Mapping[str, Any], form: Form) -> Said:
        """Return what a parsed line says."""
        return cls([_digest(_words(one)) for one in line[form.messages]], _digest(line["tools"]))

    def goes_on(self, before: Said) -> bool:
        """Return whether another turn's messages are a prefix of this one's."""
        held = len(before.messages)
        return (
            len(self.messages) > held
            and self.tools == before.tools
            and self.messages[:held] == before.messages
        )


def _digest(value: Any) -> bytes:
    return xxhash.xxh3_128_digest(sorted_bytes(value))


def _words(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message without its weight and call names, which answers do not have."""
    words = {key: value for key, value in message.items() if key != WEIGHT}
    if calls := message.get("tool_calls"):
        words["tool_calls"] = [
            {key: value for key, value in call.items() if key != "id"} for call in calls
        ]
    return words


def merged(
    last: Mapping[str, Any], answers: Sequence[int], form: Form, name: str
) -> dict[str, Any]:
    """Return the merged line of turns of which each extends the one before.

    Args:
        last: the last turn's line, whose other keys are kept.
        answers: places of the earlier turns' answers in its messages.
        name: the line's id.
    """
    messages = list(last[form.messages])
    for place in answers:
        messages[place] = {k: v for k, v in messages[place].items() if k != WEIGHT}
    return {**last, "id": name, form.messages: messages}


def learned(line: Mapping[str, Any], form: Form) -> list[int]:
    """Return the indices of the messages that are trained on."""
    return [
        place
        for place, message in enumerate(line[form.messages])
        if message[form.role] == form.answering and message.get(WEIGHT) != 0
    ]
