"""Exceptions for messages: described in words on import, by a reason on export."""

from __future__ import annotations

from typing import Any


class Malformed(ValueError):
    """The value is no conversation in a known form; `args[0]` says what and where."""


class MessagesRefused(Exception):
    """The messages cannot be trained on; `args[0]` is the ledger's reason."""


def kind(value: Any) -> str:
    """Return the kind of a value, for messages to people."""
    if value is None:
        return "nothing"
    return "a text" if isinstance(value, str) else f"a {type(value).__name__}"
