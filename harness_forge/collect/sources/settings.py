"""How a user sets a word in a table of a mapping: on the command line, or in the source's file."""

from __future__ import annotations

import json
import re
from typing import Any

from harness_forge.core.chat.unread import UnknownCalls, UnreadField
from harness_forge.core.escapes import plain
from harness_forge.core.numbers import counted


def how_to_say(table: str, word: str, value: str, others: str) -> str:
    """Return how to set the value of a word in `roles`, `outcomes` or `message_keys`.

    A command line's key takes letters alone: a dot, a blank or a sign would be read as more.

    Args:
        value: such a value.
        others: further ones, as a sentence has them; '' for none.
    """
    more = f" (or {others})" if others else ""
    if re.fullmatch(r"[A-Za-z_\u2600-\u27bf][\w\u2600-\u27bf-]*", word):
        return f"source.mapping.{table}.{word}={value}{more}"
    quoted = json.dumps(word, ensure_ascii=False)
    return f"in the source's file, under mapping: {table}: {{{quoted}: {value}}}{more}"


def worth(word: str) -> str:
    """Return how to say what the word of an outcome is worth."""
    return how_to_say("outcomes", word, "1", "0, or 0.5, or nan for no verdict")


def role(word: str) -> str:
    """Return how to say which role a word is."""
    return how_to_say("roles", word, "user", "system, assistant, tool; skip if it is no message")


_SHOWN = 70
"""Characters of an example."""


def unread(one: UnreadField) -> str:
    """Return a line about a field of messages that nothing reads, with an example and a remedy."""
    counts = counted(one.messages, "message")
    said = f"nothing reads {one.name!r} of {counts}, such as {_shown(one.example)}"
    if one.meant:
        means = "calls of tools" if one.meant == "tool_calls" else "thoughts"
        said += f"; if these are {means}: {how_to_say('message_keys', one.name, one.meant, '')}"
    return plain(" ".join(said.split()))


def framing(count: int, example: Any) -> str:
    """Return a line about lines of groups that are taken for no messages, with an example."""
    said = (
        f"{counted(count, 'line')} at an end of a group {'is' if count == 1 else 'are'} taken for"
        f" no message, such as {_shown(example)}"
    )
    return plain(" ".join(said.split()))


def unknown_calls(found: UnknownCalls) -> str:
    """Return a line about calls in no known form, with an example and the forms that are read."""
    said = (
        f"{counted(found.calls, 'call')} of {counted(found.messages, 'answer')} in no known form,"
        f" such as {_shown(found.example)}: exports reject such rows (unknown_call_form) or"
        ' have them without arguments; write each call as {"name": …, "arguments": {…}, "id": …}'
        ' before (docs/records.md, "Forms of calls", has a script)'
    )
    return plain(" ".join(said.split()))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
