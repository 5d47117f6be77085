"""The adapter and the base model that a command means."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.package import LINEAGE, Adapter
from harness_forge.registry.models.folder import BaseModel, find

STAGES = (Path("outputs/adapters/dpo"), Path("outputs/adapters/sft"))
"""Where the loop's stages put their adapter, the last one first."""


def current_adapter(config: ForgeConfig, name: str | None = None) -> Adapter:
    """Return the adapter of that name; without one the loop's, else the recipe's newest.

    Raises:
        TrainError: there is none, or it is damaged.
    """
    if name is None:
        made = [str(place) for place in STAGES if (place / LINEAGE).is_file()]
        name = made[0] if made else config.train.name
    return registry.resolve(name, Path(config.forge_home))


def base_model_of(config: ForgeConfig) -> BaseModel:
    """Return the base model that the recipe names.

    Raises:
        TrainError: it is not there, or has no chat template.
    """
    return find(config.model, Path(config.forge_home))
