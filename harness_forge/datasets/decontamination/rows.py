"""The filter that rejects rows with protected text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.datasets.decontamination.protected import Overlap, ProtectedTexts
from harness_forge.datasets.filters.candidate import Candidate, content_of

CONTAMINATED = "contaminated"


class Contamination:
    """Rejects rows with a protected text in prompt or answer.

    Args:
        protected: what they may not hold.
    """

    def __init__(self, protected: ProtectedTexts) -> None:
        self._protected = protected

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """Return `contaminated` for each row that contains a protected text."""
        overlaps = self.overlaps(candidates, [True] * len(candidates))
        return [None if one is None else CONTAMINATED for one in overlaps]

    def overlaps(
        self, candidates: Sequence[Candidate], trains: Sequence[bool]
    ) -> list[Overlap | None]:
        """Return the protected text in each row; None for none.

        Args:
            trains: which rows are for training.
        """
        found = self._protected.overlaps_of([words(candidate) for candidate in candidates])
        return [
            self._protected.opening_overlap(candidate.messages, trains=own) or one
            for candidate, own, one in zip(candidates, trains, found, strict=True)
        ]


def words(candidate: Candidate) -> str:
    """Return the text of a row: the prompt's messages, with their calls, and the answer."""
    return "\n".join([*map(_said, candidate.messages), candidate.text])


def _said(message: Mapping[str, Any]) -> str:
    if message.get("tool_calls") or message.get("reasoning_content"):
        return Candidate((), (), message).text
    return content_of(message)
