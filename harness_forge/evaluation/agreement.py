"""How far two judges of the same items agree beyond chance: Cohen's kappa.

Source: Cohen, Educ. Psychol. Meas. 20 (1960) 37-46. The bootstrap of its interval
draws families, like every interval here (`bootstrap`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness_forge.evaluation.bootstrap import RESAMPLES, SEED, cluster_bootstrap


@dataclass(frozen=True, slots=True)
class JudgeAgreement:
    """Two judges over the same items.

    Args:
        items: judged by both.
        agree: share of them with the same verdict.
        kappa: 1 for full agreement, 0 for chance, below 0 for less; nan if both
            gave one verdict only, which is no information.
        low, high: its 95% interval, families drawn; nan if there is none.
    """

    items: int
    agree: float
    kappa: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON; numbers that are not finite become null."""
        numbers = {"agree": self.agree, "kappa": self.kappa, "low": self.low, "high": self.high}
        shown = {k: round(v, 6) if math.isfinite(v) else None for k, v in numbers.items()}
        return {"items": self.items, **shown}


def cohen_kappa(
    rated: Iterable[tuple[Hashable, Hashable, Hashable]],
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> JudgeAgreement:
    """Return the agreement of two judges.

    Args:
        rated: (family, first judge's verdict, second judge's verdict) of each item.
    """
    rated = list(rated)
    if not rated:
        return JudgeAgreement(0, math.nan, math.nan, math.nan, math.nan)
    verdicts = sorted({str(v) for _, *both in rated for v in both})
    table = _by_family(rated, verdicts)
    kinds = len(verdicts)

    def kappa(sums: np.ndarray) -> np.ndarray:
        return _kappa(sums.reshape(*sums.shape[:-1], kinds, kinds))

    interval = cluster_bootstrap(table, kappa, alpha, resamples, seed)
    counts = table.sum(axis=0).reshape(kinds, kinds)
    # One family is no information about others.
    ends = (interval.low, interval.high) if math.isfinite(interval.low) else (math.nan, math.nan)
    return JudgeAgreement(
        len(rated), float(np.trace(counts) / len(rated)), interval.estimate, *ends
    )


def _by_family(rated, verdicts: Sequence[str]) -> np.ndarray:
    """Return each family's table of verdict by verdict, flattened, in a fixed order."""
    number = {verdict: n for n, verdict in enumerate(verdicts)}
    families = {name: n for n, name in enumerate(sorted({str(family) for family, *_ in rated}))}
    table = np.zeros((len(families), len(verdicts) ** 2))
    for family, first, second in rated:
        cell = number[str(first)] * len(verdicts) + number[str(second)]
        table[families[str(family)], cell] += 1
    return table


def _kappa(counts: np.ndarray) -> np.ndarray:
    """Return kappa of tables of shape (..., verdicts, verdicts); nan if chance always agrees."""
    total = counts.sum(axis=(-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.trace(counts, axis1=-2, axis2=-1) / total
        chance = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
        return np.where(np.isclose(chance, 1.0), np.nan, (seen - chance) / (1 - chance))
