"""The layers that an adapter can be put on, by the names that a model's weights have."""

from __future__ import annotations

import re
from pathlib import Path

from harness_forge.config.model import ModelConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import weights
from harness_forge.registry.models.folder import BaseModel, described
from harness_forge.registry.models.remarks import known_architectures

_LAYER = re.compile(r"\.\d+\.(?:.*\.)?(\w+)\.weight")
"""A matrix inside a numbered block, and the last part of its layer's name."""


def linear_layers(folder: Path) -> list[str]:
    """Return the names of the linear layers inside a model's blocks; [] where none can be read.

    Raises:
        TrainError: a file of weights is damaged.
    """
    found: set[str] = set()
    for file in sorted(folder.glob("*.safetensors")):
        for name, fact in weights.head(file).items():
            if (match := _LAYER.search(name)) and len(fact["shape"]) == 2:
                found.add(match[1])
    return sorted(found)


def demand_targets(base: BaseModel, config: ModelConfig) -> None:
    """Refuse an unknown model without a layer that an adapter is to be put on.

    PEFT puts an adapter on the others and says nothing; the proof would refuse it after the
    training. Families that conf/model knows are not asked: their weights may be renamed when
    they are loaded.

    Raises:
        TrainError: names the layers that it has.
    """
    if described(base.folder).get("model_type") in known_architectures():
        return
    there = linear_layers(base.folder)
    absent = [name for name in config.target_modules if name not in there]
    if there and absent:
        what = f"{', '.join(absent)}: {base.name} has no such layers"
        hint = f"name some of those that it has: model.target_modules=[{','.join(there)}]"
        raise TrainError("model.target_modules", what, hint)
