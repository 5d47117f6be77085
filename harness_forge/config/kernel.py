"""Settings of the kernel: turns of an agent that are captured, scored and learned from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelConfig:
    """What `forge kernel` and `harness_forge.Kernel` do. Off unless it is enabled.

    Args:
        enabled: true captures and scores turns; false does nothing.
        base: name by which agents ask for the base model; '' takes `model.name`.
    """

    enabled: bool = False
    base: str = ""
