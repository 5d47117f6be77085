"""What is wrong with messages: told in words where they come in, by a reason where they go out."""

from __future__ import annotations

from typing import Any


class Malformed(ValueError):
    """It is no conversation, or in no form that is known; `args[0]` says what and where."""


class Refused(Exception):
    """It cannot be learned from; `args[0]` is the ledger's reason."""


def kind(value: Any) -> str:
    """Return what a value is, for people."""
    if value is None:
        return "nothing"
    return "a text" if isinstance(value, str) else f"a {type(value).__name__}"
