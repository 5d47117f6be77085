"""Chained JSON lines: each holds the hash of the line before it and its own.

A changed, moved or removed line is detected by the line itself or by the one after
it. A cut end is not: what a line was must be known elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

FIRST = "0" * 64
"""The previous hash in the first line."""

PREVIOUS, HASH = "previous", "hash"
"""The two keys of a line that make the chain."""


def digest(line: Mapping[str, Any]) -> str:
    """Return the hash of a line's facts, without its own hash."""
    facts = {key: value for key, value in line.items() if key != HASH}
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def linked(facts: Mapping[str, Any], before: str) -> dict[str, Any]:
    """Return facts as the line that follows the one with hash `before`."""
    line = {**facts, PREVIOUS: before}
    line[HASH] = digest(line)
    return line


def fault(line: Any, before: str) -> str:
    """Return what is wrong with a line that should follow hash `before`; '' if nothing is."""
    try:
        sound, chained = line[HASH] == digest(line), line[PREVIOUS] == before
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = chained = False
    if sound and chained:
        return ""
    return "does not follow the line before" if sound else "was changed after it was written"
