"""Power of the default rule: the least gain that its tests find, on the clusters at hand.

Simulated with the functions that decide, since three tests must clear at once and
clusters of very different sizes have no formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from harness_forge.core.numbers import counted, level
from harness_forge.evaluation.bootstrap import RESAMPLES, paired_interval
from harness_forge.evaluation.power import detectable, effective, least, shown_gain
from harness_forge.evaluation.statistics import mcnemar_greater, sign_flip

ALIKE = 0.2
"""Correlation of two items of one cluster that is assumed unless another is given."""
_DRAWS, _STEPS, _RESAMPLES, _SEED = 300, 7, 1000, 20261128
_FORMULA_FROM = 3000
"""Items from which the independent items that they are worth are put into the formula."""


def gate_power(
    sizes: Sequence[int], gain: float, loss: float, alpha: float, alike: float = ALIKE
) -> float:
    """Return the chance that all tests of the default rule find the better one better.

    The tests: exact one-sided McNemar, sign flips of clusters, and a clustered bootstrap. In
    each cluster the shares of won, lost and equal pairs are drawn from a Dirichlet distribution
    around `gain`, `loss` and the rest, so that two pairs of a cluster correlate by `alike`.

    Args:
        sizes: items of each cluster.
        gain: share of items that only the better one passes; `loss` only the other.

    Raises:
        ValueError: impossible shares.
    """
    if min(gain, loss) < 0 or gain + loss > 1 + 1e-12:
        raise ValueError(f"no population has a gain of {gain} and a loss of {loss}")
    draw = np.random.default_rng(_SEED)
    outcomes = (_outcomes(draw, sizes, gain, loss, alike) for _ in range(_DRAWS))
    return (
        sum(
            clears(
                [(int(won - lost), n) for (won, lost), n in zip(apart, sizes, strict=True)],
                tuple(int(count) for count in apart.sum(axis=0)),
                alpha,
                resamples=_RESAMPLES,
            )
            for apart in outcomes
        )
        / _DRAWS
    )


def clears(
    clusters: Sequence[tuple[int, int]],
    apart: tuple[int, int],
    alpha: float,
    resamples: int = RESAMPLES,
) -> bool:
    """Return whether the three tests of the default rule find the first one better.

    Args:
        clusters: of each cluster, passes of the first minus passes of the second, and its
            items.
        apart: pairs that only the first passed, and that only the second passed.
    """
    # The cheapest first.
    if mcnemar_greater(*apart) >= alpha or sign_flip(clusters).greater >= alpha:
        return False
    interval, _ = paired_interval(clusters, apart, resamples=resamples)
    return interval.low > 0


@lru_cache(maxsize=64)
def detectable_by_gate(
    sizes: tuple[int, ...], loss: float, alpha: float, alike: float = ALIKE, power: float = 0.8
) -> float | None:
    """Return the least gain over the losses that is found with the chance `power`; None if none is.

    Args: as `gate_power`; 3,000 items and more are taken as so many independent ones as
        they are worth (`power.effective`).
    """
    if alpha <= 0 or not sizes:
        return None
    if sum(sizes) >= _FORMULA_FROM:
        # A one-sided test at alpha is the winning half of a two-sided one at twice alpha.
        worth = effective(sum(sizes), len(sizes), alike)
        return detectable(worth, loss, min(2 * alpha, 1.0), power)
    return least(
        lambda gain: gate_power(sizes, loss + gain, loss, alpha, alike), power, 1 - 2 * loss, _STEPS
    )


def found_by_gate(
    sizes: Sequence[int], alpha: float, losses: float = 0.05, alike: float = ALIKE
) -> tuple[float | None, float | None]:
    """Return the least gain that the default rule finds: alone, and where `losses` get worse.

    Items of clusters of one are independent, whatever `alike` says.
    """
    of = tuple(sorted(sizes, reverse=True))
    alike = 0.0 if set(of) <= {1} else alike
    alone, mixed = (detectable_by_gate(of, loss, alpha, alike) for loss in (0.0, losses))
    return alone, mixed


def describe_gate(
    sizes: Sequence[int], alpha: float, losses: float = 0.05, alike: float = ALIKE
) -> str:
    """Return in one sentence what the default rule can see on so many items."""
    of = tuple(sorted(sizes, reverse=True))
    several = f" in {counted(len(of), 'cluster')}, alike by {alike:g} within"
    items = counted(sum(of), "item") + ("" if set(of) <= {1} else several)
    head = f"{items}, one-sided {level(alpha)}: the default rule finds "
    alone, mixed = found_by_gate(of, alpha, losses, alike)
    if alone is None:
        return head + "no gain, however large, four times of five"
    rest = "none" if mixed is None else shown_gain(mixed)
    return (
        f"{head}a gain of {shown_gain(alone)} points four times of five "
        f"({rest} where {100 * losses:g}% get worse)"
    )


def _outcomes(draw, sizes: Sequence[int], gain: float, loss: float, alike: float) -> np.ndarray:
    """Return won and lost pairs of each cluster, shape (clusters, 2)."""
    shares = np.array([gain, loss, max(1 - gain - loss, 0.0)])
    if alike:
        # Gammas instead of the Dirichlet itself: a share of 0 stays 0.
        shares = draw.standard_gamma(shares * (1 / alike - 1), (len(sizes), 3))
        total = shares.sum(axis=1, keepdims=True)
        shares = np.where(total > 0, shares / np.where(total > 0, total, 1), [0.0, 0.0, 1.0])
    return draw.multinomial(np.asarray(sizes), shares)[:, :2]
