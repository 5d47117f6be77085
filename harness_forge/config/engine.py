"""Settings of where rows are prepared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class EngineKind(Enum):
    """What rows are prepared on."""

    local = "local"
    ray = "ray"


@dataclass(frozen=True)
class EngineConfig:
    """Where an export prepares its rows. What it writes does not depend on it.

    Args:
        kind: local, processes on this machine; or ray, a Ray cluster.
        workers: processes besides the one that reads and writes; 0 for none
            (one at least on Ray), null for as many as pay off, on Ray as many
            as the cluster has CPUs.
        address: of the Ray cluster, such as head.example:6379 or auto; null
            starts one on this machine's loopback, for this export alone.
    """

    kind: EngineKind = EngineKind.local
    workers: int | None = None
    address: str | None = None
