"""The success rate of one policy at the first try, by part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness_forge.core.results import EvalResult
from harness_forge.evaluation.statistics import clustered_rate
from harness_forge.evaluation.units import Key, units

ALL = "all"
HELD_OUT = ("new_rule", "new_family")


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of one policy on one part of the items.

    Args:
        items: items with a verdict; `infrastructure` counts those without.
        low: lower bound of the rate, by cluster; `high` the upper.
        tokens_per_attempt: prompt and answer, mean; None if no model was asked.
        answer_tokens_per_attempt: the answer alone, mean.
        cut_off: answers that met the token limit: what they would have cost is not known.
    """

    items: int
    passed: int
    rate: float | None
    low: float
    high: float
    infrastructure: int
    tokens_per_attempt: float | None
    answer_tokens_per_attempt: float | None
    cut_off: int

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON, rounded."""
        return rounded(asdict(self))


def parts(results: Iterable[EvalResult]) -> list[str]:
    """Return the parts to report, in order: those of the holdout that occur, then all.

    Several skills are also reported one by one, as `<skill>:<part>`.
    """
    results = list(results)
    found = {result.part for result in results}
    names = [part for part in HELD_OUT if part in found] + [ALL]
    skills = sorted({result.skill for result in results})
    if len(skills) > 1:
        names += [f"{skill}:{part}" for skill in skills for part in names]
    return names


def belongs(result: EvalResult, part: str) -> bool:
    """Return whether a result counts for a part named by `parts`."""
    skill, _, name = part.rpartition(":")
    return name in (ALL, result.part) and skill in ("", result.skill)


def rate(results: Iterable[EvalResult], alpha: float = 0.05) -> Rate:
    """Return one policy's rate over `results`; items without a verdict are left out."""
    results = list(results)
    judged = [result for result in results if not result.infrastructure]
    clusters: dict[Key, list[bool]] = defaultdict(list)
    unit = units((result.skill, result) for result in judged)
    for result in judged:
        clusters[unit[result.skill, result.unit]].append(result.passed)
    interval = clustered_rate([(sum(c), len(c)) for c in clusters.values()], alpha)
    return Rate(
        items=len(judged),
        passed=sum(result.passed for result in judged),
        rate=interval.estimate if judged else None,
        low=interval.low,
        high=interval.high,
        infrastructure=len(results) - len(judged),
        tokens_per_attempt=_mean(
            [
                result.prompt_tokens + result.completion_tokens
                for result in judged
                if result.prompt_tokens is not None and result.completion_tokens is not None
            ]
        ),
        answer_tokens_per_attempt=_mean(
            [r.completion_tokens for r in judged if r.completion_tokens is not None]
        ),
        cut_off=sum(result.failure_mode == "cut_off" for result in judged),
    )


def rates(results: Sequence[EvalResult], alpha: float = 0.05) -> dict[str, Rate]:
    """Return the rate of every part."""
    return {
        part: rate([result for result in results if belongs(result, part)], alpha)
        for part in parts(results)
    }


def rounded(values: dict[str, Any], digits: int = 6) -> dict[str, Any]:
    """Return a dict with its floats rounded: precise enough to compare, short enough to read."""
    return {
        key: round(value, digits) if isinstance(value, float) else value
        for key, value in values.items()
    }


def _mean(numbers: Sequence[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None
