"""Keys that a recipe gives to Axolotl as they are: `train.axolotl`."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.core.children import NoAnswer, answer_of
from harness_forge.core.errors import TrainError
from harness_forge.core.files import write_text
from harness_forge.core.hints import did_you_mean

WHERE = "train.axolotl"
PLUGINS = "plugins"
PACKING = "sample_packing"
SETTINGS = {
    "adapter": "train.adapter",
    "base_model": "model.path",
    "bf16": "train.precision",
    "chat_template": "model.template",
    "chat_template_jinja": "model.template",
    "datasets": "train.dataset",
    "fp16": "train.precision",
    "gradient_accumulation_steps": "train.accumulate",
    "group_by_length": "train.group_by_length",
    "learning_rate": "train.learning_rate",
    "load_in_4bit": "train.adapter",
    "lora_alpha": "train.alpha",
    "lora_dropout": "train.dropout",
    "lora_model_dir": "train.start",
    "lora_r": "train.rank",
    "lora_target_modules": "model.target_modules",
    "lr_scheduler": "train.schedule",
    "max_steps": "train.max_steps",
    "micro_batch_size": "train.micro_batch",
    "num_epochs": "train.epochs",
    "save_steps": "train.save_steps",
    "seed": "train.seed",
    "sequence_len": "train.sequence_length",
    "warmup_ratio": "train.warmup",
    "warmup_steps": "train.warmup",
    "weight_decay": "train.weight_decay",
}
"""Keys of Axolotl that are settings of forge, which keys trainings and lineages by them."""
OWN = {
    **dict.fromkeys(
        ("dataset_prepared_path", "output_dir", "auto_resume_from_checkpoints", "logging_steps",
         "resume_from_checkpoint", "save_strategy", "save_total_limit", "hub_model_id",
         "trainer_cls"),
        "a training that was stopped goes on only where forge finds its files",
    ),
    **dict.fromkeys(
        ("excess_length_strategy", "roles_to_train", "train_on_inputs", "test_datasets",
         "val_set_size", "special_tokens", "tokens", "added_tokens_overrides", "tokenizer_config",
         "pretraining_dataset", "streaming", "max_packed_sequence_len", "sample_packing_eff_est"),
        "the audit of the tokens holds for the rows as forge gives them",
    ),
    **dict.fromkeys(
        ("rl", "trl", "rl_beta", "peft_use_dora", "lora_modules_to_save", "lora_target_linear",
         "relora", "load_in_8bit"),
        "neither the proof nor the server knows what it makes",
    ),
}  # fmt: skip
"""Keys that no recipe may give, and why."""
_KEYS = Path(__file__).with_name("keys_worker.py")


def merged(rendered: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return Axolotl's config with the keys of a recipe; plugins are added to forge's.

    Raises:
        TrainError: a key is a setting of forge, or would break what forge promises of a training.
    """
    for key in given:
        where = f"{WHERE}.{key}"
        if key in SETTINGS:
            raise TrainError(where, "is a setting of forge", f"set {SETTINGS[key]}")
        if key in OWN:
            raise TrainError(where, "cannot be given", OWN[key])
    plugins = [*rendered.get(PLUGINS, ()), *given.get(PLUGINS, ())]
    # Without a named kind of attention an example would see the others of its sequence.
    apart = {"attn_implementation": "sdpa"} if given.get(PACKING) else {}
    return {**apart, **rendered, **given, **({PLUGINS: plugins} if plugins else {})}


def check_once(
    config: Path, given: Mapping[str, Any], python: Path, variables: Mapping[str, str]
) -> None:
    """As `check`; what passed before for this training is not looked at again.

    Starting Axolotl takes some 10 s, which a training that is resumed would wait for anew.
    """
    mark = config.with_suffix(".passed")
    # A workset that was installed again may have another schema.
    installed = python.lstat().st_mtime_ns if python.exists() else 0
    what = sha256(f"{python} {installed}\n{config.read_text(encoding='utf-8')}".encode())
    if mark.is_file() and mark.read_text(encoding="utf-8") == what.hexdigest():
        return
    check(config, given, python, variables)
    write_text(mark, what.hexdigest())


def check(
    config: Path, given: Mapping[str, Any], python: Path, variables: Mapping[str, str]
) -> None:
    """Let Axolotl's own schema look at the keys of a recipe.

    Args:
        config: the whole config as it will be used.

    Raises:
        TrainError: Axolotl knows no such key, or refuses its value.
    """
    # -P: a file beside the worker must not stand in for a library of the same name.
    try:
        answer = answer_of([python, "-P", _KEYS, config], variables)
    except NoAnswer as ended:
        raise TrainError(WHERE, f"cannot be checked: {ended.last}", f"see {config}") from None
    for key in given:
        if key not in answer["known"]:
            hint = did_you_mean(key, answer["known"])
            raise TrainError(f"{WHERE}.{key}", "Axolotl knows no such key", hint or "see its docs")
    if not answer["apart"]:
        what = "would let an example see the others of its sequence"
        hint = "sdpa, flash_attention_2 or flex_attention keep them apart"
        raise TrainError(f"{WHERE}.attn_implementation", what, hint)
    for slip in answer["slips"]:
        where = f"{WHERE}.{slip['where']}".rstrip(".")
        what = slip["what"].removeprefix("Value error, ")
        raise TrainError(where, f"Axolotl refuses it: {what}", f"the whole config: {config}")
