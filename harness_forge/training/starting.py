"""The adapter that a training starts from: it is copied, and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import registry, taint, weights
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, Adapter
from harness_forge.registry.adapters.parents import manifests_of
from harness_forge.registry.models.folder import BaseModel
from harness_forge.registry.signing import trust
from harness_forge.training.jobs import Job


@dataclass(frozen=True)
class Start:
    """An adapter to start from; rank and alpha are its own, and stay."""

    adapter: Adapter
    rank: int
    alpha: int


def named(config: ForgeConfig, name: str) -> Start:
    """Return the adapter of a name or folder, if a training may start from it.

    Raises:
        TrainError: there is none, it is damaged or tainted, or not signed as this project asks.
    """
    return checked(config, registry.resolve(name, Path(config.forge_home)))


def checked(config: ForgeConfig, adapter: Adapter) -> Start:
    """Return an adapter that a training may start from; raises as `named`."""
    trust.demand(adapter, config.signing)
    taint.refuse(Path(config.forge_home), adapter)
    shape = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8"))
    return Start(adapter, shape["r"], shape["lora_alpha"])


def check_base(start: Adapter, base: BaseModel) -> None:
    """Refuse an adapter of another base model.

    Raises:
        TrainError: it is one.
    """
    if (made_on := start.lineage["base"]["digest"]) != base.digest:
        what = f"was trained on another base model ({made_on[:12]}, not {base.digest[:12]})"
        raise TrainError(f"adapter {start.name}", what, "train it on this one, or name another")


def check_moved(job: Job, start: Adapter, group: str) -> None:
    """Refuse what a training left as it was.

    Args:
        group: of the settings that say how far it moves.

    Raises:
        TrainError: the trained weights are those of the start.
    """
    if weights.same(job.work / "out" / WEIGHTS, start.folder / WEIGHTS):
        what = "is as it was before this training"
        hint = f"raise {group}.learning_rate or {group}.max_steps"
        raise TrainError(str(job.work / "out"), what, hint)


def lineage(own: Mapping[str, Any], start: Adapter) -> dict[str, Any]:
    """Return a training's lineage with the adapter that it started from.

    The weights have learned from its rows too, so its splits and datasets count.
    """
    data = own["dataset"]
    more = manifests_of(start.lineage)
    splits = list(dict.fromkeys([*data["splits"], *start.fitted]))
    dataset = {**data, "splits": splits, **({"manifests": more} if more else {})}
    parent = {"name": start.name, "digest": start.digest}
    return {**own, "dataset": dataset, "parent": parent}
