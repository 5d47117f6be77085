"""The table of roles: the role of each word for a speaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "system": ("system", "developer"),
    "user": ("user", "human"),
    "assistant": (
        "assistant",
        "ai",
        "gpt",
        "bot",
        "chatbot",
        "model",
        "agent",
        "function_call",
        "tool_call",
    ),
    "tool": (
        *("tool", "function", "observation", "environment", "ipython"),
        *("tool_response", "tool_result", "tool_output", "function_response"),
    ),
}
ROLES: Mapping[str, str] = {word: role for role, words in _WORDS.items() for word in words}
"""Word to role; chat templates know the four roles and nothing else."""

CALLING = frozenset(("function_call", "tool_call"))
"""Words for an assistant message with a call as its JSON text."""


def role_of(word: Any) -> str | None:
    """Return the role of a word; None for a word that is not in the table."""
    if not isinstance(word, str):
        return None
    return ROLES.get(word) or ROLES.get(word.strip().lower().replace("-", "_"))
