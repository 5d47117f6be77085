"""Adapters by what a user calls them: a folder, a name in the registry, the start of a hash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.registry.adapters.package import Adapter


def loaded(config: ForgeConfig, name: str) -> Adapter:
    """Return the adapter of a folder, of a name in the registry, or of the start of its hash."""
    from harness_forge.registry.adapters.package import load

    return load(folder_of(config, name))


def folder_of(config: ForgeConfig, name: str) -> Path:
    """Return the folder of an adapter by its folder, name or the start of its hash."""
    from harness_forge.registry import standing
    from harness_forge.registry.adapters import registry

    if registry.is_folder(name):
        return Path(name)
    return standing.find(standing.standings(Path(config.forge_home)), name).folder
