"""Rejects answers that match one of the user's patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from harness_forge.config.patterns import BannedConfig
from harness_forge.datasets.filters.candidate import Candidate


def judge(candidates: Sequence[Candidate], config: BannedConfig) -> list[str | None]:
    """Return `banned` for each candidate in which a pattern is found."""
    searches = _searches(tuple(pattern for pattern in config.patterns.values() if pattern))
    if not searches:
        return [None] * len(candidates)
    return [
        "banned" if any(search(row.text) for search in searches) else None for row in candidates
    ]


@cache
def _searches(patterns: tuple[str, ...]):
    return [re.compile(pattern).search for pattern in patterns]
