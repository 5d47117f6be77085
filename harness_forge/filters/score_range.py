"""Rows that were judged too low or too high to teach anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_forge.errors import ConfigError
from harness_forge.filters.candidate import Candidate


@dataclass(frozen=True)
class ScoreRangeConfig:
    """Reject rows whose outcome value lies outside a range.

    For graded judges: what is trivial (a perfect score) or hopeless teaches
    little. It makes no sense where outcomes are 0 or 1 only.

    Args:
        enabled: true judges scores.
        min_value: lowest outcome value kept, 0 to 1.
        max_value: highest outcome value kept, 0 to 1.
        reject_unscored: reject rows without an outcome value too.
    """

    enabled: bool = False
    min_value: float = 0.0
    max_value: float = 1.0
    reject_unscored: bool = False

    def __post_init__(self) -> None:
        if not self.min_value <= self.max_value:
            what = f"{self.min_value} is above max_value, {self.max_value}"
            raise ConfigError("filters.score_range.min_value", what)


def judge(candidates: Sequence[Candidate], config: ScoreRangeConfig) -> list[str | None]:
    """Return `score_range` for each candidate whose value lies outside; NaN lies outside."""
    low, high = config.min_value, config.max_value
    unscored = "score_range" if config.reject_unscored else None
    return [
        unscored
        if row.outcome_value is None
        else (None if low <= row.outcome_value <= high else "score_range")
        for row in candidates
    ]
