"""How long a training takes and what it uses: from steps measured here, or from operations.

Both are ranges, and say where they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.numbers import counted, percent
from harness_forge.training.plan.cards import Machine
from harness_forge.training.plan.matrices import Shape
from harness_forge.training.plan.memory import Load
from harness_forge.training.progress import rate, steps_in, stretches

UTILISATION = (0.10, 0.40)
"""Assumed: share of a GPU's published operations that a training reaches. 38% to 43% were
published for dense pretraining on thousands of GPUs (Llama 3, arXiv 2407.21783, section 3.3.1),
which is the upper end; adapters, 4-bit weights and short rows that are not packed reach less."""

DRAW = (0.6, 1.0)
"""Assumed: share of its power limit that a busy GPU draws; the host's own power is not counted."""

_TIMED = 3
"""Steps of a training from which its pace is taken."""


@dataclass(frozen=True)
class Pace:
    """How fast a training goes.

    Args:
        tokens_per_s: slowest and fastest, over all GPUs; None where nothing is known.
        source: where that comes from.
    """

    tokens_per_s: tuple[float, float] | None
    source: str

    def seconds(self, tokens: int) -> tuple[float, float] | None:
        """Return the shortest and longest time for so many tokens."""
        if self.tokens_per_s is None:
            return None
        slow, fast = self.tokens_per_s
        return tokens / fast, tokens / slow


def pace_of(shape: Shape, load: Load, machine: Machine, trainings: Path, model: Path) -> Pace:
    """Return the pace of a training.

    Args:
        trainings: folder of the trainings of this machine.
        model: folder of the base model; its earlier trainings are measurements.
    """
    if machine.here and (found := measured(trainings, model, machine.cuda)):
        what = f"{counted(len(found), 'training')} of this model on this machine"
        return Pace((min(found), max(found)), f"measured: {what}")
    if not machine.tflops:
        need = (
            "its operations a second are not known: gpu.tflops=N, or gpu.card=NAME"
            if machine.cuda
            else "no training of this model was measured here: train.max_steps=5 gives a pace"
        )
        return Pace(None, need)
    each = operations(shape, load)
    total = machine.tflops * 1e12 * machine.count
    low, high = (share * total / each for share in UTILISATION)
    share = f"{percent(UTILISATION[0])} to {percent(UTILISATION[1])}"
    source = f"worked out, not measured: {each / 1e9:.0f} GFLOP a token at {share} of"
    return Pace((low, high), f"{source} {machine.tflops * machine.count:g} TFLOP/s")


def operations(shape: Shape, load: Load) -> float:
    """Return the operations that training takes for one token.

    A forward pass takes 2 N + 2 * layers * length * width, with N the weights that a token is
    multiplied with (Kaplan et al. 2020, arXiv 2001.08361, table 1). The backward pass takes the
    same once for the activations, and once more for the weights where they are trained; frozen
    weights have none. Layers made again take another forward pass. So it is the usual
    6 N (forward, backward, weights) for a full training without checkpointing, and also
    6 N (forward, again, backward) for an adapter with it.
    """
    forward = 2 * shape.active + 2 * shape.layers * load.length * shape.queries
    passes = 2 + (0 if load.rank else 1) + (1 if load.checkpointing else 0)
    return passes * forward


def energy(seconds: tuple[float, float] | None, machine: Machine) -> tuple[float, float] | None:
    """Return the least and most energy of all GPUs in watt hours; None where not known."""
    if seconds is None or not machine.watts or not machine.cuda:
        return None
    low, high = (
        share * machine.watts * machine.count * time / 3600
        for share, time in zip(DRAW, seconds, strict=True)
    )
    return low, high


def measured(trainings: Path, model: Path, cuda: bool) -> list[float]:
    """Return tokens/s of each training of a model here, on the same kind of hardware."""
    return [
        pace
        for folder in sorted(trainings.glob("*"))
        if _same(folder / "axolotl.yaml", model, cuda)
        for pace in _paces(steps_in(folder / "metrics.jsonl"))
    ]


def _same(file: Path, model: Path, cuda: bool) -> bool:
    import yaml

    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return False
    if not isinstance(settings, dict) or settings.get("rl"):
        return False
    same = Path(str(settings.get("base_model"))) == model.absolute()
    return same and bool(settings.get("gradient_checkpointing")) is cuda


def _paces(steps: Sequence[dict[str, Any]]) -> Iterator[float]:
    parts = [part for part in stretches(steps) if len(part) >= _TIMED]
    found = [pace for part in parts if (pace := rate(part[0], part[-1])) is not None]
    if found:
        yield sum(found) / len(found)
