"""Rows whose label the audit doubts: flagged rows go, but for reasons the user accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness_forge.filters.candidate import Candidate


@dataclass(frozen=True)
class LabelFlagsConfig:
    """Reject rows that carry a flag of the label audit.

    A recipe's `require.label_flagged` does the same in SQL, for every reason
    at once. Switch that one off where single reasons are to be tolerated.

    Args:
        enabled: false keeps flagged rows.
        tolerate: reasons of flags that do not count.
    """

    enabled: bool = True
    tolerate: list[str] = field(default_factory=list)


def judge(candidates: Sequence[Candidate], config: LabelFlagsConfig) -> list[str | None]:
    """Return `label_flags` for each candidate with a flag that is not tolerated."""
    tolerated = frozenset(config.tolerate)
    return [
        "label_flags" if row.flags and not tolerated.issuperset(row.flags) else None
        for row in candidates
    ]
