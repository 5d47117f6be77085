"""What a guess comes to: settings of a source, with the reason of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness_forge.collect.guess.fields import Field
from harness_forge.collect.guess.skeleton import Skeleton

AS_GIVEN = "as it was given"


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
        openings: what is asked first, by the number of its record.
        given: keys of the mapping that the user says; nothing is guessed in their place.
    """

    records: int
    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    left_over: list[Field] = field(default_factory=list)
    calls: bool = False
    skeleton: Skeleton | None = None
    openings: dict[int, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    def put(self, key: str, value: Any, why: str) -> None:
        """Set one key of the mapping; of a table what is not given."""
        said = self.given.get(key)
        if said is None or isinstance(value, dict):
            value = {**value, **said} if said else value
            self.settings.setdefault("mapping", {})[key] = value
            self.why[key] = why

    def put_given(self) -> None:
        """Set what the user says."""
        mapping = self.settings.setdefault("mapping", {})
        for key, said in self.given.items():
            if not isinstance(said, dict) or key not in mapping:
                mapping[key] = said
                self.why[key] = AS_GIVEN
