"""Choices of an export about the canonical form, and notes of what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Reasoning(Enum):
    """What to do with the reasoning before an answer."""

    leave_out = "leave_out"
    learn = "learn"  # in the answer's `reasoning_content`, which the chat template renders


class ParallelCalls(Enum):
    """What to do with an answer that has several calls."""

    keep = "keep"  # all of them, in order
    reject = "reject"


class LateSystem(Enum):
    """What to do with a system message after the first user message."""

    reject = "reject"  # most chat templates allow it at the start only
    user = "user"  # make it a user message
    keep = "keep"


@dataclass
class Notes:
    """Notes taken while a row is converted to canonical form.

    Args:
        kinds: kinds of changes; each counts once for a row.
        meant: for each call of the answer, its parsed arguments.
    """

    kinds: frozenset[str] = frozenset()
    meant: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, kind: str) -> None:
        """Note a change."""
        self.kinds |= {kind}
