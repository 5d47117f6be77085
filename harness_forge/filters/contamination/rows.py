"""The filter: rows that hold protected words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness_forge.filters.contamination.protected import Protected

if TYPE_CHECKING:
    from harness_forge.filters.candidate import Candidate

CONTAMINATED = "contaminated"


class Contamination:
    """Rejects rows whose prompt or answer holds a protected text.

    Args:
        protected: what they may not hold.
    """

    def __init__(self, protected: Protected) -> None:
        self._protected = protected

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """Return `contaminated` for each row that holds a protected text."""
        found = self._protected.found_in([words(candidate) for candidate in candidates])
        return [None if one is None else CONTAMINATED for one in found]


def words(candidate: Candidate) -> str:
    """Return all that a row says: the prompt's messages and the answer."""
    parts = [str(message.get("content") or "") for message in candidate.messages]
    return "\n".join([*parts, candidate.text])
