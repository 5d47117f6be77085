"""Settings of a training: which adapter, on what hardware, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class AdapterKind(Enum):
    """What is trained beside the frozen base model."""

    auto = "auto"
    lora = "lora"
    qlora = "qlora"


class Hardware(Enum):
    """What it is trained on."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Precision(Enum):
    """Number format of the frozen weights; the adapter's own are always float32."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


@dataclass(frozen=True)
class TrainConfig:
    """One training of one adapter.

    Args:
        name: readable name of the adapter.
        dataset: folder of the dataset; None takes the one that the recipe exports.
        out: folder that adapters are put into.
        hardware: auto takes cuda where an NVIDIA driver is found.
        adapter: auto takes qlora on cuda and lora on a CPU, where 4 bits only cost time.
        precision: auto takes bfloat16 on cuda and on a CPU that multiplies it
            itself (AVX512-BF16 or AMX), else float32.
        rank: of the adapter's matrices.
        alpha: their scale is alpha / rank.
        dropout: share of adapter inputs dropped; above 0 prompts are not shared.
        learning_rate: its highest value.
        schedule: how it falls, as Axolotl names it.
        warmup: share of all steps in which it rises.
        weight_decay: of AdamW.
        epochs: how often each row is seen.
        max_steps: stop after so many steps; None is all epochs.
        micro_batch: rows in one forward pass.
        accumulate: forward passes in one step.
        sequence_length: longest row in tokens; a longer one is refused, never cut.
        group_by_length: put rows of like length into one batch.
        shared_prompt: run the opening that all rows of a batch share once a
            batch: the same loss and gradients in half the time.
        threads: CPU cores to use; 0 is all.
        save_steps: steps between checkpoints.
        seed: of order and first weights; None takes the recipe's.
    """

    name: str = "adapter"
    dataset: str | None = None
    out: str = "outputs/adapters"
    hardware: Hardware = Hardware.auto
    adapter: AdapterKind = AdapterKind.auto
    precision: Precision = Precision.auto
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    learning_rate: float = 6e-4
    schedule: str = "cosine"
    warmup: float = 0.05
    weight_decay: float = 0.0
    epochs: int = 4
    max_steps: int | None = None
    micro_batch: int = 8
    accumulate: int = 1
    sequence_length: int = 1024
    group_by_length: bool = True
    shared_prompt: bool = True
    threads: int = 0
    save_steps: int = 20
    seed: int | None = None
