"""How a user sets a word in a table of a mapping: on the command line, or in the source's file."""

from __future__ import annotations

import json
import re


def how_to_say(table: str, word: str, value: str, others: str) -> str:
    """Return how to set the value of a word in `roles` or `outcomes`.

    A command line's key takes letters alone: a dot, a blank or a sign would be read as more.

    Args:
        value: such a value.
        others: further ones, as a sentence has them.
    """
    if re.fullmatch(r"[A-Za-z_\u2600-\u27bf][\w\u2600-\u27bf-]*", word):
        return f"source.mapping.{table}.{word}={value} (or {others})"
    quoted = json.dumps(word, ensure_ascii=False)
    said = f"{table}: {{{quoted}: {value}}} (or {others})"
    return f"in the source's file, under mapping: {said}"


def worth(word: str) -> str:
    """Return how to say what the word of an outcome is worth."""
    return how_to_say("outcomes", word, "1", "0, or 0.5")


def role(word: str) -> str:
    """Return how to say which role a word is."""
    return how_to_say("roles", word, "user", "system, assistant, tool")
