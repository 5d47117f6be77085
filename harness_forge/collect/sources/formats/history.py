"""What each answer of a session was shown: kept while it is read, and read message by message."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any

from harness_forge.collect.sources.formats.conversation import ModelAnswer
from harness_forge.core.chat import forms, parts
from harness_forge.core.records import Message


class Transcript:
    """What a model was shown so far, and what it answered.

    Attributes:
        shown: the messages that the next answer is shown.
        answers: those given so far.
    """

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.answers: list[ModelAnswer] = []

    def show(self, *messages: Any) -> None:
        """Add messages that are no answers to be learned."""
        self.shown += messages

    def say(self, message: Any, **facts: Any) -> None:
        """Add an answer.

        Args:
            facts: further fields of `ModelAnswer`.
        """
        self.answers.append(ModelAnswer(shown=list(self.shown), said=message, **facts))
        self.shown.append(message)


class History:
    """Reads what answers were shown; what the one before it was shown is not read again.

    Without this the messages of a session of a thousand answers would be read, and held,
    half a million times.
    """

    def __init__(self) -> None:
        self._raw: list[Any] = []
        self._read: list[Message] = []

    def read(self, shown: Sequence[Any]) -> list[Message]:
        """Return messages in OpenAI's form.

        Raises:
            Malformed: they are none, or of a role that is not in the table.
        """
        held = len(self._raw)
        goes_on = held <= len(shown) and all(map(is_, self._raw, shown))
        # Thoughts alone belong to the answer behind them, so they are read with it.
        if goes_on and not (self._read and _may_be_thoughts(self._read[-1])):
            read = [*self._read, *forms.conversation(list(shown[held:]))]
        else:
            read = forms.conversation(list(shown))
        self._raw, self._read = list(shown), read
        return list(read)


def _may_be_thoughts(message: Message) -> bool:
    if message.get("role") != "assistant" or message.get("tool_calls"):
        return False
    return not (parts.apart(message).text or "").strip()
