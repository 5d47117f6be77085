"""Settings of feedback: which measured faults weight an export's rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FeedbackKind(Enum):
    """What weights the rows of an export."""

    none = "none"
    last = "last"  # the last model's run over the validation items
    suite = "suite"  # the last evaluation with lm-eval on the validation items


@dataclass(frozen=True)
class FeedbackConfig:
    """How much of what went wrong on validation the next dataset makes up for.

    Args:
        kind: none, last (the newest complete run of a model over validation
            items, skill by skill), or suite (what `forge evaluate
            split=validation` left: its suites of work items and roles).
        run: of last, another run instead; it must hold validation items alone.
        evaluation: of suite, the folder of the evaluation.
        metric: of suite, the score that says whether an answer is right; empty
            takes each suite's first.
        strength: how much of a family's excess of failures goes into its
            weight: 1 doubles the rows of one that fails twice as often as all do.
        cap: most times that a row is in the dataset.
        share: repeats are at most this share of the training lines.
        minimum: validation items that a family needs to be weighted.
        prior: items at everybody's rate that each family is reckoned with.
    """

    kind: FeedbackKind = FeedbackKind.none
    run: str | None = None
    evaluation: str = "outputs/evaluate-validation"
    metric: str = ""
    strength: float = 1.0
    cap: int = 3
    share: float = 0.3
    minimum: int = 2
    prior: float = 4.0
