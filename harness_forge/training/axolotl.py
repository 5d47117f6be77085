"""Renders Axolotl's YAML config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.grpo import GrpoConfig
from harness_forge.config.train import (
    AdapterKind,
    DpoConfig,
    Hardware,
    KtoConfig,
    Precision,
    TrainConfig,
)

PLUGIN = "forge_axolotl.ForgePlugin"

_KERNELS = ("lora_qkv_kernel", "lora_o_kernel", "lora_mlp_kernel", "lora_embedding_kernel")
"""Optimisations that need CUDA and crash on a CPU."""

SHORT = 512
"""Up to this many tokens plain attention is faster on a CPU: the backward pass of fused attention
is slow there, by an eighth of a step. Beyond it attention weights need too much memory."""


@dataclass(frozen=True)
class Inputs:
    """The input and output paths of one training; all absolute.

    Args:
        model: folder of the base model.
        template: file of the chat template.
        target_modules: names of layers that the adapter is put on, or a pattern of whole names.
        train: JSONL file of the rows to train on; of pairs, rendered, in the second stage.
        prepared: folder of the tokenised rows.
        out: folder of checkpoints and the finished adapter.
        start: folder of the adapter that the training starts from; None starts from nothing.
        longest: tokens of the longest row.
    """

    model: Path
    template: Path
    target_modules: Sequence[str] | str
    train: Path
    prepared: Path
    out: Path
    start: Path | None = None
    longest: int = 0


def render(config: TrainConfig, inputs: Inputs, seed: int) -> dict[str, Any]:
    """Return the config of a supervised training, `auto` already settled."""
    return {
        **_model(inputs),
        "datasets": [
            {
                "path": str(inputs.train),
                "ds_type": "json",
                "type": "chat_template",
                "field_messages": "messages",
                "field_tools": "tools",
                "roles_to_train": ["assistant"],
                # Answers with `weight: 0` are context; without this all answers would be learned.
                "message_field_training": "weight",
                "train_on_eos": "turn",
            }
        ],
        # The audit refuses rows that are too long; were it wrong, Axolotl would drop them.
        "excess_length_strategy": "raise",
        **({"lora_model_dir": str(inputs.start)} if inputs.start else {}),
        **_folders(inputs),
        **_adapter(config, inputs),
        **_numbers(config, inputs),
        **_schedule(config, seed),
    }


def render_dpo(config: TrainConfig, dpo: DpoConfig, inputs: Inputs, seed: int) -> dict[str, Any]:
    """Return the config of a second stage, which starts from the adapter in `inputs.start`.

    Args:
        config: of the first stage, updated with the second's own settings.
    """
    losses = {"sigmoid": 1.0, **({"sft": dpo.sft_weight} if dpo.sft_weight else {})}
    own = {
        "rl": "dpo",
        "rl_beta": dpo.beta,
        "dpo_loss_type": list(losses),
        "dpo_loss_weights": list(losses.values()),
    }
    # The texts are already rendered: Axolotl's own strategies lose tools and calls.
    return _second(config, own, "forge_dpo.SecondStage", "passthrough.default", inputs, seed)


def render_kto(config: TrainConfig, kto: KtoConfig, inputs: Inputs, seed: int) -> dict[str, Any]:
    """Return the config of a second stage on labelled answers; otherwise like `render_dpo`."""
    own = {
        "rl": "kto",
        "rl_beta": kto.beta,
        "kto_desirable_weight": kto.good_weight,
        "kto_undesirable_weight": kto.bad_weight,
        "remove_unused_columns": False,
    }
    return _second(config, own, "forge_kto.SecondStage", None, inputs, seed)


def render_grpo(config: TrainConfig, grpo: GrpoConfig, inputs: Inputs, seed: int) -> dict[str, Any]:
    """Return the config of a second stage on answers that are judged; otherwise like `render_dpo`.

    Answers are written with transformers, by the model in training itself.
    """
    own = {
        "rl": "grpo",
        "trl": {
            "beta": grpo.beta,
            "num_generations": grpo.group,
            "temperature": grpo.temperature,
            "max_completion_length": grpo.max_new_tokens,
            "reward_funcs": ["forge_grpo.judged"],
        },
        "remove_unused_columns": False,
    }
    return _second(config, own, "forge_grpo.SecondStage", None, inputs, seed)


def _second(
    config: TrainConfig,
    own: dict[str, Any],
    trainer: str,
    reading: str | None,
    inputs: Inputs,
    seed: int,
) -> dict[str, Any]:
    return {
        **_model(inputs),
        **own,
        "trainer_cls": trainer,
        "lora_model_dir": str(inputs.start),
        "datasets": [
            {"path": str(inputs.train), "ds_type": "json", "split": "train", "type": reading}
        ],
        "excess_length_strategy": "raise",
        **_folders(inputs),
        **_adapter(config, inputs),
        **_numbers(config, inputs),
        **_schedule(config, seed),
    }


def _model(inputs: Inputs) -> dict[str, Any]:
    return {
        "base_model": str(inputs.model),
        "chat_template": "jinja",
        "chat_template_jinja": str(inputs.template),
    }


def _folders(inputs: Inputs) -> dict[str, Any]:
    return {
        "dataset_prepared_path": str(inputs.prepared),
        "dataset_num_proc": 1,
        "val_set_size": 0,
        "output_dir": str(inputs.out),
        "plugins": [PLUGIN],
    }


def _adapter(config: TrainConfig, inputs: Inputs) -> dict[str, Any]:
    named = inputs.target_modules
    return {
        "adapter": config.adapter.name,
        "load_in_4bit": config.adapter is AdapterKind.qlora,
        "lora_r": config.rank,
        "lora_alpha": config.alpha,
        "lora_dropout": config.dropout,
        "lora_target_modules": named if isinstance(named, str) else list(named),
    }


def _numbers(config: TrainConfig, inputs: Inputs) -> dict[str, Any]:
    cpu = config.hardware is Hardware.cpu
    return {
        **({"attn_implementation": "eager"} if cpu and inputs.longest <= SHORT else {}),
        "bf16": config.precision is Precision.bfloat16,
        "fp16": False,
        "tf32": False,
        **(dict.fromkeys(_KERNELS, False) if cpu else {}),
        # A worker of the loader is a fork: it keeps gigabytes of the parent's freed memory.
        **({"dataloader_num_workers": 0} if cpu else {}),
        "gradient_checkpointing": not cpu,
        "optimizer": "adamw_torch",
    }


def _schedule(config: TrainConfig, seed: int) -> dict[str, Any]:
    return {
        "sequence_len": config.sequence_length,
        # Rows are neither packed nor padded: each is one conversation, as in use.
        "sample_packing": False,
        "pad_to_sequence_len": False,
        "group_by_length": config.group_by_length,
        "micro_batch_size": config.micro_batch,
        "gradient_accumulation_steps": config.accumulate,
        "num_epochs": config.epochs,
        **({"max_steps": config.max_steps} if config.max_steps else {}),
        "learning_rate": config.learning_rate,
        "lr_scheduler": config.schedule,
        "warmup_ratio": config.warmup,
        "weight_decay": config.weight_decay,
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": config.save_steps,
        "save_total_limit": 1,
        "auto_resume_from_checkpoints": True,
        "seed": seed,
    }
