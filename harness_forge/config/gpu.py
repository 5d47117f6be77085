"""Settings of the GPUs that a training is planned for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness_forge.config.limits import between, limited


class Card(Enum):
    """A GPU whose published figures are known."""

    none = "none"
    l4 = "l4"
    l40s = "l40s"
    rtx4090 = "rtx4090"
    a100 = "a100"
    h100 = "h100"
    h200 = "h200"


class Sharding(Enum):
    """How several GPUs hold one training."""

    ddp = "ddp"  # each holds all of it, and its own rows
    fsdp = "fsdp"  # each holds a part of the weights, gradients and optimizer (FSDP, ZeRO-3)


@dataclass(frozen=True)
class GpuConfig:
    """The GPUs that `forge train --plan` plans for; nothing else reads them.

    Args:
        card: a known GPU, which gives the figures that are left out below: l4, l40s,
            rtx4090, a100 (80 GB), h100 (80 GB) or h200.
        memory_gib: memory of one GPU in GiB, as CUDA reports it; None is the card's.
            Without a card the plan is for this machine: its GPUs, or its CPU.
        count: how many GPUs, 1 to 8.
        sharding: ddp (each holds the whole model, as `forge train` does) or fsdp
            (each holds a part of it: FSDP, as with `train=fsdp_qlora`, or ZeRO-3).
        tflops: dense bfloat16 operations of one GPU, in 10^12 a second; None is the card's.
        watts: power limit of one GPU; None is the card's.
    """

    card: Card = Card.none
    memory_gib: float | None = limited(None, between(1, 1000))
    count: int = limited(1, between(1, 8))
    sharding: Sharding = Sharding.ddp
    tflops: float | None = limited(None, between(1, 100000))
    watts: float | None = limited(None, between(1, 10000))
