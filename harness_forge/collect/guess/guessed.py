"""What a guess comes to: settings of a source, with the reason of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness_forge.collect.guess.fields import Field
from harness_forge.collect.guess.skeleton import Skeleton


@dataclass
class Guess:
    """How a file may be read.

    Args:
        records: how many were looked at.
        source: a source that comes with forge and reads it; '' for none.
        settings: of `source`, as a source's file has them.
        why: what each setting was chosen for, by its key.
        open: what only the user can say.
        left_over: places that nothing names.
        calls: its messages make calls.
        skeleton: lines for the user to complete, where nothing looks like a conversation.
    """

    records: int
    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    left_over: list[Field] = field(default_factory=list)
    calls: bool = False
    skeleton: Skeleton | None = None

    def put(self, key: str, value: Any, why: str) -> None:
        """Set one key of the mapping."""
        self.settings.setdefault("mapping", {})[key] = value
        self.why[key] = why
