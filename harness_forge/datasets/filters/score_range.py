"""Rejects rows with a score that is too low or too high."""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.config.filters import ScoreOf, ScoreRangeConfig
from harness_forge.datasets.filters.candidate import Candidate


def judge(candidates: Sequence[Candidate], config: ScoreRangeConfig) -> list[str | None]:
    """Return `score_range` for each candidate with a score outside the range, NaN included."""
    low, high = config.min_value, config.max_value
    unscored = "score_range" if config.reject_unscored else None
    by_judge = config.reads is ScoreOf.judge
    scores = [row.judge_score if by_judge else row.outcome_value for row in candidates]
    return [
        unscored if score is None else (None if low <= score <= high else "score_range")
        for score in scores
    ]
