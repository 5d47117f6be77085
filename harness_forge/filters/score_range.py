"""Rows that were judged too low or too high to teach anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from harness_forge.errors import ConfigError
from harness_forge.filters.candidate import Candidate


class ScoreOf(Enum):
    """Whose score of a row is meant."""

    outcome = "outcome"
    judge = "judge"


@dataclass(frozen=True)
class ScoreRangeConfig:
    """Reject rows whose score lies outside a range.

    For graded judges: what is trivial (a perfect score) or hopeless teaches
    little. It makes no sense where outcomes are 0 or 1 only.

    Args:
        enabled: true judges scores.
        reads: `outcome` is the outcome value that the evaluator recorded;
            `judge` is the overall score that `forge judge RUN` gave the answer,
            by `judge.weights`.
        min_value: lowest score kept, 0 to 1.
        max_value: highest score kept, 0 to 1.
        reject_unscored: reject rows without a score too.
    """

    enabled: bool = False
    reads: ScoreOf = ScoreOf.outcome
    min_value: float = 0.0
    max_value: float = 1.0
    reject_unscored: bool = False

    def __post_init__(self) -> None:
        if not self.min_value <= self.max_value:
            what = f"{self.min_value} is above max_value, {self.max_value}"
            raise ConfigError("filters.score_range.min_value", what)


def judge(candidates: Sequence[Candidate], config: ScoreRangeConfig) -> list[str | None]:
    """Return `score_range` for each candidate whose score lies outside; NaN lies outside."""
    low, high = config.min_value, config.max_value
    unscored = "score_range" if config.reject_unscored else None
    by_judge = config.reads is ScoreOf.judge
    scores = [row.judge_score if by_judge else row.outcome_value for row in candidates]
    return [
        unscored if score is None else (None if low <= score <= high else "score_range")
        for score in scores
    ]
