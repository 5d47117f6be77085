"""Rejects rows flagged by the label audit, unless the user tolerates the reason."""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.config.filters import LabelFlagsConfig
from harness_forge.datasets.filters.candidate import Candidate


def judge(candidates: Sequence[Candidate], config: LabelFlagsConfig) -> list[str | None]:
    """Return `label_flags` for each candidate with a flag that is not tolerated."""
    tolerated = frozenset(config.tolerate)
    return [
        "label_flags" if row.flags and not tolerated.issuperset(row.flags) else None
        for row in candidates
    ]
