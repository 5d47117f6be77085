"""Settings of where rows are prepared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class EngineKind(Enum):
    """What rows are prepared on."""

    local = "local"


@dataclass(frozen=True)
class EngineConfig:
    """Where an export prepares its rows. What it writes does not depend on it.

    Args:
        kind: local, processes on this machine.
        workers: processes besides the one that reads and writes; 0 for none,
            null for as many as pay off.
    """

    kind: EngineKind = EngineKind.local
    workers: int | None = None
