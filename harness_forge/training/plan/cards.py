"""What a training is planned for: GPUs as they are named, or those of this machine, or its CPU."""

from __future__ import annotations

import os
from dataclasses import dataclass

from harness_forge.config.gpu import Card, GpuConfig, Sharding
from harness_forge.config.train import Hardware
from harness_forge.core.errors import TrainError
from harness_forge.training.plan.memory import GIB
from harness_forge.worksets.hardware import nvidia_says

_FIGURES = {
    Card.l4: (22.0, 121, 72),
    Card.l40s: (44.4, 362, 350),
    Card.rtx4090: (23.6, 165, 450),
    Card.a100: (79.1, 312, 400),
    Card.h100: (79.1, 989, 700),
    Card.h200: (139.8, 989, 700),
}
"""Memory in GiB as CUDA reports it, which is less than in the name; dense bfloat16 operations with
float32 sums in 10^12 a second, and watts, both of NVIDIA's data sheets (SXM of a100 to h200)."""


@dataclass(frozen=True)
class Machine:
    """What a training is planned for.

    Args:
        title: for people.
        memory: bytes of one GPU, or of the machine.
        here: whether it is this machine, of which measured steps tell.
        tflops, watts: of one GPU; None where not known.
    """

    title: str
    cuda: bool
    memory: float
    count: int = 1
    sharding: Sharding = Sharding.ddp
    here: bool = False
    tflops: float | None = None
    watts: float | None = None


def machine_of(config: GpuConfig, hardware: Hardware) -> Machine:
    """Return the machine to plan for.

    Raises:
        TrainError: GPUs of this machine are asked for, and the driver says nothing of them;
            or GPUs are described beside `train.hardware=cpu`.
    """
    described = config.card is not Card.none or config.memory_gib is not None
    if hardware is Hardware.cpu:
        if described:
            what = "a GPU is described, and train.hardware=cpu trains on none"
            raise TrainError("gpu", what, "leave one of the two out")
        return _cpu()
    if not described:
        found = _driver()
        if not found and hardware is Hardware.cuda:
            hint = "say what it is planned for: gpu.card=l4, or gpu.memory_gib=24"
            raise TrainError("gpu", "there is no NVIDIA driver here to ask", hint)
        if not found and config != GpuConfig():
            hint = "gpu.card=l4, or gpu.memory_gib=24"
            raise TrainError("gpu", "its memory is not known", hint)
        if not found:
            return _cpu()
        name, memory = found
        title, here = name, True
    else:
        title, here = config.card.name if config.card is not Card.none else "GPU", False
        memory = (config.memory_gib or _FIGURES[config.card][0]) * GIB
    _, tflops, watts = _FIGURES.get(config.card, (0, None, None))
    return Machine(
        title=title,
        cuda=True,
        memory=memory,
        count=config.count,
        sharding=config.sharding,
        here=here,
        tflops=config.tflops or tflops,
        watts=config.watts or watts,
    )


def _cpu() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine("CPU of this machine", cuda=False, memory=memory, here=True)


def _driver() -> tuple[str, float] | None:
    """Return name and memory of the first GPU, as the driver says; None without one."""
    try:
        name, memory = (nvidia_says("name,memory.total") or [])[0].rsplit(",", 1)
        return name.strip(), float(memory) * 2**20
    except (ValueError, IndexError):
        return None
