"""Simulated batches of fresh items for two policies whose true rates are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness_forge.evaluation.fresh_evidence import SHARES

EACH = 8
"""Items of a cluster in a batch."""


@dataclass(frozen=True)
class World:
    """Two policies that are asked batch by batch.

    Args:
        kind: fixed (the same clusters in every batch, some won and some lost, even together),
            new (other clusters in every batch), lucky (the same clusters in every batch, which
            are a draw of many: even among those, not among these).
        alike: correlation of two items of one cluster.
        gain: how much more the first passes, as a share.
        clusters: in a batch, with `EACH` items each.
        slow: an answer that fails arrives after so many times the time of one that passes, on
            the first policy's side.
    """

    kind: str = "new"
    alike: float = 0.5
    gain: float = 0.0
    clusters: int = 42
    batches: int = 8
    slow: float = 1.0
    rate: float = 0.4


def streams(world: World, seed: int):
    """Return the differences of all clusters, and of what arrived by a look.

    Returns:
        Means of clusters, shape (batches, clusters), whole, and as read at half of the time
        that the slowest answer takes; 0 where nothing of a cluster has arrived.
    """
    draw = np.random.default_rng(seed)
    whole = np.zeros((world.batches, world.clusters))
    arrived = np.zeros_like(whole)
    for batch in range(world.batches):
        if batch == 0 or world.kind == "new":
            first = _rates(world, draw, world.rate + world.gain)
            second = _rates(world, draw, world.rate)
            if world.kind == "fixed":
                # Even together but for the gain: what one cluster gains another one loses.
                second, first = draw.permutation(first) - world.gain, first
        shape = (world.clusters, EACH)
        own = draw.random(shape) < first[:, None]
        difference = own.astype(int) - (draw.random(shape) < second[:, None])
        time = draw.exponential(1, shape) * np.where(own, 1, world.slow)
        early = time < max(world.slow, 1) / 2
        whole[batch] = difference.mean(axis=1)
        arrived[batch] = (difference * early).sum(axis=1) / np.maximum(early.sum(axis=1), 1)
    return whole, arrived


def _rates(world: World, draw, mean: float) -> np.ndarray:
    if not world.alike:
        return np.full(world.clusters, mean)
    spread = 1 / world.alike - 1
    return draw.beta(mean * spread, (1 - mean) * spread, world.clusters)


def capitals(means: np.ndarray) -> np.ndarray:
    """Return the capital after each batch; means of shape (batches, clusters)."""
    logs = np.log1p(np.array(SHARES)[:, None, None] * means).sum(axis=2).cumsum(axis=1)
    return np.exp(logs).mean(axis=0)
