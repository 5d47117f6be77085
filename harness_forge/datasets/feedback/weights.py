"""Computes weights of families from a model's failures on validation.

A weight only says how often training rows of a family stand in the dataset. It
is drawn toward 1 where there are few validation items to go by, for the worst
of many small families is mostly bad luck.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness_forge.config.feedback import FeedbackConfig
from harness_forge.core.errors import ConfigError

Family = tuple[str, str]
"""Skill and family."""


class ItemOutcome(NamedTuple):
    """The outcome of one validation item.

    Args:
        passed: at the first try.
        lost: it failed, and the model before had passed it.
    """

    skill: str
    item_id: str
    family: str
    passed: bool
    lost: bool


class Weight(NamedTuple):
    """The weight of a family, and the counts behind it."""

    weight: float
    items: int
    failed: int
    lost: int


@dataclass(frozen=True)
class Source:
    """The run that a skill's weights come from.

    Args:
        against: the run that lost items were passed in; '' where there is none.
    """

    skill: str
    run_id: str
    policy: str
    against: str = ""


@dataclass(frozen=True)
class Feedback:
    """The evidence that weights an export; a skill without a run has none."""

    config: FeedbackConfig
    sources: Sequence[Source] = ()
    evidence: Sequence[ItemOutcome] = field(default_factory=list)


def check(config: FeedbackConfig) -> None:
    """Check the settings.

    Raises:
        ConfigError: a number is out of its range.
    """
    if config.cap < 1:
        raise ConfigError("feedback.cap", f"must be 1 or more, not {config.cap}")
    if not 0 <= config.share < 1:
        raise ConfigError("feedback.share", f"must be at least 0 and below 1, not {config.share}")
    for name in ("strength", "minimum", "prior"):
        if (value := getattr(config, name)) < 0:
            raise ConfigError(f"feedback.{name}", f"must not be below 0, not {value}")


def weights(
    evidence: Iterable[ItemOutcome], *, strength: float, cap: int, minimum: int, prior: float
) -> dict[Family, Weight]:
    """Return the weights of families that fail more often than average.

    A lost item counts as two failures. With r the failures of an item over all
    families, and those of a family drawn toward r by `prior` items, its weight
    is 1 + strength * (its rate / r - 1), at most `cap`, in four digits.
    """
    counts: dict[Family, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in evidence:
        count = counts[one.skill, one.family]
        count[0] += 1
        count[1] += not one.passed
        count[2] += one.lost
    return {
        family: Weight(weight, *counts[family])
        for family, weight in sorted(_weights(counts, strength, cap, minimum, prior).items())
        if weight > 1
    }


def _weights(
    counts: Mapping[Family, Sequence[int]],
    strength: float,
    cap: int,
    minimum: int,
    prior: float,
) -> dict[Family, float]:
    items = sum(n for n, _, _ in counts.values())
    trouble = sum(failed + lost for _, failed, lost in counts.values())
    if not trouble:
        return {}
    overall = trouble / items
    found = {}
    for family, (n, failed, lost) in counts.items():
        if n and n >= minimum:
            rate = (failed + lost + prior * overall) / (n + prior)
            found[family] = round(min(1 + strength * (rate / overall - 1), cap), 4)
    return found
