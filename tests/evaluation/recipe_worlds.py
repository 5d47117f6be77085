"""Simulated recipes: several adapters with other seeds beside a base model, rates known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, norm

SIZES = np.array((16, 14, 7, 6, 5, 2, *[1] * 18))
"""Items of each cluster: the held-out new rules of the skill stig, by the form of answers."""
CLUSTER = np.repeat(np.arange(len(SIZES)), SIZES)
SHARED = 0.5
"""Correlation of two adapters of one recipe on a cluster, and on an item."""


@dataclass(frozen=True)
class SimulatedRecipe:
    """A recipe and a base model.

    Args:
        replicates: adapters.
        rate: mean share that an adapter passes, over seeds; `base` of the base model.
        alike: correlation of two items of one cluster.
        luck: standard deviation of an adapter's own rate, over seeds.
    """

    replicates: int
    rate: float
    base: float
    alike: float
    luck: float


def sums(recipe: SimulatedRecipe, draw) -> np.ndarray:
    """Return passes of each adapter minus those of the base, shape (replicates, clusters)."""
    means = _beta(draw, recipe.rate, recipe.luck, recipe.replicates)
    common, item = draw.standard_normal(len(SIZES)), draw.standard_normal(len(CLUSTER))
    base = _rates(recipe.base, draw.standard_normal(len(SIZES)), recipe.alike)
    passed = draw.random(len(CLUSTER)) < base[CLUSTER]
    found = []
    for mean in means:
        rates = _rates(mean, _mixed(draw, common), recipe.alike)
        own = norm.cdf(_mixed(draw, item)) < rates[CLUSTER]
        found.append(np.bincount(CLUSTER, weights=own.astype(int) - passed))
    return np.array(found).astype(int)


def _beta(draw, mean: float, deviation: float, size: int) -> np.ndarray:
    if not deviation:
        return np.full(size, mean)
    both = mean * (1 - mean) / deviation**2 - 1
    return draw.beta(mean * both, (1 - mean) * both, size)


def _rates(mean: float, normal: np.ndarray, alike: float) -> np.ndarray:
    if not alike:
        return np.full(len(normal), mean)
    both = 1 / alike - 1
    return beta.ppf(norm.cdf(normal), mean * both, (1 - mean) * both)


def _mixed(draw, common: np.ndarray) -> np.ndarray:
    own = draw.standard_normal(len(common))
    return math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * own
