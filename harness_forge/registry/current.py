"""The adapter and the base model that a command uses.

Every verb and every stage asks here, so that all of them use the same adapter.
"""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.package import LINEAGE, Adapter
from harness_forge.registry.models.folder import BaseModel, find_base_model
from harness_forge.registry.signing import trust

OUTPUTS = Path("outputs")
"""The folder that the loop's stages write to."""

_STAGES = ("dpo", "sft")
"""The loop's trainings, the last one first; each has its adapter in outputs/adapters/<name>."""


def trained_folder(outputs: Path = OUTPUTS) -> Path:
    """Return the folder of the adapter of the loop's last training.

    Before any training it is the folder of the first one, which does not exist yet.
    """
    places = [outputs / "adapters" / stage for stage in _STAGES]
    return next((place for place in places if (place / LINEAGE).is_file()), places[-1])


def current_adapter(config: ForgeConfig, name: str | None = None) -> Adapter:
    """Return the adapter that a command uses.

    Args:
        name: of an adapter, or its folder; None takes the one that the loop trained
            last, else the newest one named `train.name`.

    Raises:
        TrainError: there is none, it is damaged, or not signed as this project asks.
    """
    if name is None:
        folder = trained_folder()
        name = str(folder) if (folder / LINEAGE).is_file() else config.train.name
    return trust.demand(registry.resolve(name, Path(config.forge_home)), config.signing)


def base_model_of(config: ForgeConfig) -> BaseModel:
    """Return the base model that the recipe names.

    Raises:
        TrainError: it is missing, or has no chat template.
    """
    return find_base_model(config.model, Path(config.forge_home))
