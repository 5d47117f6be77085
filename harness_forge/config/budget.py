"""Settings of the error budget of a holdout."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Schedule(Enum):
    """How the budget is spent, look by look."""

    halving = "halving"  # look k spends alpha / 2^k: never used up
    even = "even"  # each of `looks` looks spends alpha / looks
    listed = "listed"  # look k spends the kth of `values`


@dataclass(frozen=True)
class BudgetConfig:
    """The chance of a wrong promotion that a holdout allows over its whole life.

    Each candidate's look spends a part of it, so that looking often cannot
    find a winner by luck (Bonferroni over a sequence fixed beforehand).

    Args:
        alpha: chance of at least one wrong promotion, over all looks together.
        schedule: halving (look k spends alpha / 2^k), even (alpha / looks
            each, then nothing) or listed (`values`).
        looks: even only: how many looks are planned.
        values: listed only: what look 1, 2, … spends; together at most alpha.
        ledger: file of the looks so far; keep it in git, so that a clone knows them.
    """

    alpha: float = 0.05
    schedule: Schedule = Schedule.halving
    looks: int = 8
    values: list[float] = field(default_factory=list)
    ledger: str = "ledger/looks.jsonl"
