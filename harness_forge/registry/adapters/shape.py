"""The shape of an adapter that is nothing but LoRA: rank, scale, and the layers that it is on."""

from __future__ import annotations

from dataclasses import dataclass

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import tensors, weights
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, Adapter

_PARTS = (".lora_A.weight", ".lora_B.weight")
_MORE = (
    "use_dora", "use_rslora", "lora_bias", "modules_to_save", "rank_pattern", "alpha_pattern",
    "target_parameters", "trainable_token_indices", "fan_in_fan_out",
)  # fmt: skip
"""Keys of the config that make more of it than two matrices a layer and one scale."""


@dataclass(frozen=True)
class LoraShape:
    """Rank, scale and layers of an adapter.

    Args:
        alpha: its scale is alpha / rank.
        layers: of each adapted layer, width in and width out.
    """

    rank: int
    alpha: float
    layers: dict[str, tuple[int, int]]


def shape_of(adapter: Adapter) -> LoraShape:
    """Return the shape of an adapter.

    Raises:
        TrainError: it is damaged, or has parts that are not two matrices a layer with one scale.
    """
    config, where = tensors.read_config(adapter.folder), f"adapter {adapter.label}"
    more = [key for key in _MORE if config.get(key)]
    more += ["bias"] if config.get("bias", "none") != "none" else []
    if more or str(config.get("peft_type") or "LORA").upper() != "LORA":
        what = f"is more than plain LoRA: {', '.join(more) or config['peft_type']} in {CONFIG}"
        raise TrainError(where, what, "train one without: forge train")
    head = weights.head(adapter.folder / WEIGHTS)
    for name in head:
        if not name.endswith(_PARTS):
            raise TrainError(where, f"is more than plain LoRA: it holds {name}", "forge train")
    tensors.check(adapter.folder)
    first, second = _PARTS
    layers = {
        name.removesuffix(first): (
            fact["shape"][1],
            head[name.removesuffix(first) + second]["shape"][0],
        )
        for name, fact in head.items()
        if name.endswith(first)
    }
    return LoraShape(config["r"], config.get("lora_alpha", config["r"]), layers)
