"""Power of the default rule where a baseline passes items too: the rate that an adapter needs.

The rule asks an adapter to beat the template and the other baselines as well as the base
model. Against a base model that passes nothing every pass is a win; against a baseline that
passes much, most passes are ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from harness_forge.core.numbers import level
from harness_forge.evaluation.gate_power import ALIKE, clears
from harness_forge.evaluation.power import least
from harness_forge.evaluation.statistics import sign_flip

_DRAWS, _STEPS, _RESAMPLES, _SEED = 300, 7, 1000, 20261129


def promoting_chance(
    sizes: Sequence[int], rate: float, baseline: float, alpha: float, alike: float = ALIKE
) -> float:
    """Return the chance that an adapter clears the tests against base model and one baseline.

    The base model passes nothing. In each cluster the rates of adapter and baseline are drawn
    from beta distributions, apart from each other, so that two items of a cluster correlate by
    `alike`; given the rates, the two pass items independently. Where they pass the same items
    more often than by chance, fewer are lost, and the chance is higher.

    Args:
        sizes: items of each cluster.
        rate: share of items that the adapter passes; `baseline` that the baseline does.
        alpha: level of each one-sided test.

    Raises:
        ValueError: a rate is not within 0 and 1.
    """
    if not (0 <= rate <= 1 and 0 <= baseline <= 1):
        raise ValueError(f"rates are from 0 to 1, not {rate} and {baseline}")
    draw = np.random.default_rng(_SEED)
    found = 0
    for _ in range(_DRAWS):
        ours, theirs = (_rates(draw, len(sizes), share, alike) for share in (rate, baseline))
        cells = np.stack(
            [ours * theirs, ours * (1 - theirs), (1 - ours) * theirs, (1 - ours) * (1 - theirs)], 1
        )
        both, won, lost, _ = draw.multinomial(np.asarray(sizes), cells).T
        found += _clears(sizes, (both + won).tolist(), (won - lost).tolist(), alpha)
    return found / _DRAWS


@lru_cache(maxsize=64)
def needed_rate(
    sizes: tuple[int, ...],
    baseline: float,
    alpha: float,
    alike: float = ALIKE,
    power: float = 0.8,
) -> float | None:
    """Return the least rate of passes that clears with the chance `power`; None if none does."""
    if alpha <= 0:
        return None
    return least(
        lambda rate: promoting_chance(sizes, rate, baseline, alpha, alike), power, 1.0, _STEPS
    )


def needed_beside(sizes: Sequence[int], baseline: float, alpha: float) -> float | None:
    """Return `needed_rate` on clusters of these sizes; items of clusters of one are independent."""
    alike = ALIKE if max(sizes, default=0) > 1 else 0.0
    return needed_rate(tuple(sizes), baseline, alpha, alike)


def describe_needed(sizes: Sequence[int], baseline: float, alpha: float) -> str:
    """Return in one sentence what an adapter must pass beside a baseline that passes so much."""
    needed = needed_beside(sizes, baseline, alpha)
    head = f"beside a baseline that passes {100 * baseline:g}% of them, one-sided {level(alpha)}: "
    if needed is None:
        return head + "no adapter, however good, is promoted four times of five"
    return (
        f"{head}an adapter that passes {100 * needed:.0f}% is promoted four times of five "
        "(if it passes the baseline's items no more often than others)"
    )


def _clears(
    sizes: Sequence[int], passes: Sequence[int], ahead: Sequence[int], alpha: float
) -> bool:
    over_baseline = list(zip(ahead, sizes, strict=True))
    if sign_flip(over_baseline).greater >= alpha:
        return False
    over_base = list(zip(passes, sizes, strict=True))
    return clears(over_base, (sum(passes), 0), alpha, resamples=_RESAMPLES)


def _rates(draw, clusters: int, share: float, alike: float) -> np.ndarray:
    """Return the rate of each cluster, shape (clusters,)."""
    if not alike or share in (0.0, 1.0):
        return np.full(clusters, share)
    spread = 1 / alike - 1
    return draw.beta(share * spread, (1 - share) * spread, clusters)
