"""The adapters of one recipe: trained alike, each with a seed of its own.

The first is trained with the recipe's seed and keeps its name: it is the one that is shipped,
whatever the others do. Number 2 of `stig-worker` is `stig-worker-r2`; its lineage names its
number and the first one's training.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import package
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.adapters.parents import parents_of

LINEAGE = "replicate"
"""The key of a lineage; the first adapter of a recipe, and one trained alone, have none."""


def seed_of(seed: int, number: int) -> int:
    """Return the seed of a replicate: the recipe's for the first, for others derived from it."""
    if number == 1:
        return seed
    return int.from_bytes(sha256(f"replicate {number} of {seed}".encode()).digest()[:4]) >> 1


def name_of(name: str, number: int) -> str:
    """Return the name of a replicate's adapter."""
    return name if number == 1 else f"{name}-r{number}"


def facts(number: int, first: str) -> dict[str, Any]:
    """Return what a replicate's lineage says besides its seed.

    Args:
        first: key of the first adapter's training.
    """
    return {LINEAGE: {"number": number, "first": first}} if number > 1 else {}


def not_first(adapter: Adapter) -> str:
    """Return why an adapter is not the first of its recipe; '' if it is, or is alone."""
    number = _replicate(adapter).get("number", 1)
    return f"{adapter.name} is number {number} of its recipe" if number > 1 else ""


def all_of(adapter: Adapter, count: int, folder: Path) -> list[Adapter]:
    """Return an adapter and the other ones of its recipe, in order.

    Args:
        count: how many there are.
        folder: of the registry.

    Raises:
        TrainError: one is missing or damaged, or the adapter is not the first, or was made of
            another.
    """
    if why := not_first(adapter):
        hint = "name the first one, or train.replicates=1 for this adapter alone"
        raise TrainError(f"adapter {adapter.name}", why.partition(" ")[2], hint)
    if parents_of(adapter.lineage):
        what = "was made of another adapter, and there is one of it"
        raise TrainError(f"adapter {adapter.name}", what, "train.replicates=1")
    return [adapter, *(_found(adapter, number, folder) for number in range(2, count + 1))]


def _found(adapter: Adapter, number: int, folder: Path) -> Adapter:
    name = name_of(adapter.name, number)
    wanted = facts(number, str(adapter.lineage.get("key")))[LINEAGE]
    for place in sorted(folder.glob(f"{name}-*")):
        try:
            found = package.load(place)
        except TrainError:
            continue
        if _replicate(found) == wanted:
            return found
    hint = f"forge train train.replicates={number} trains it, with the settings of the first"
    raise TrainError(f"adapter {name}", f"is missing: number {number} of the recipe", hint)


def _replicate(adapter: Adapter) -> Mapping[str, Any]:
    return adapter.lineage.get(LINEAGE) or {}
