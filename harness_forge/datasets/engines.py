"""Chooses the engine that prepares an export's rows; the output does not depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness_forge.config.engine import EngineConfig, EngineKind
from harness_forge.datasets.prepare import PreparePlan
from harness_forge.datasets.worker_pool import WorkerPool

if TYPE_CHECKING:
    from harness_forge.datasets.ray_engine import Cluster


def engine(
    plans: Sequence[PreparePlan], config: EngineConfig, expected: float = 0
) -> WorkerPool | Cluster:
    """Return the engine: a context manager with a `map` that prepares batches of rows.

    Args:
        plans: one for each part of the dataset.
        expected: rows that the store is thought to return.

    Raises:
        ExportError: the engine is not installed.
    """
    if config.kind is EngineKind.ray:
        from harness_forge.datasets.ray_engine import Cluster

        return Cluster(plans, config)
    return WorkerPool(plans, config.workers, expected)
