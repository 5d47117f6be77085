"""Trains a recipe several times, each with a seed of its own.

Each replicate is a training like any other, in a folder of its own under forge's home: killed
at any time, the same command finds what is done and goes on with the rest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from harness_forge.config.schema import ForgeConfig
from harness_forge.registry.adapters import replicates
from harness_forge.training import supervised
from harness_forge.training.jobs import TrainingResult, silent
from harness_forge.training.making import Watching


def train_replicates(config: ForgeConfig, **watching: Unpack[Watching]) -> list[TrainingResult]:
    """Train all adapters of a recipe, `train.replicates`, the first one first.

    Args, raises: as `supervised.train`; with `check` nothing is trained, and none returned.
    """
    first = supervised.train(config, **watching)
    found = [] if first is None else [first]
    say, show = watching.get("say", silent), watching.get("show", silent)
    for number in range(2, config.train.replicates + 1) if found else ():
        own = settings_of(config, number)
        say(f"replicate {number} of {config.train.replicates}, seed {own.train.seed}")
        facts = replicates.facts(number, first.adapter.lineage["key"])
        done = supervised.train(own, say=say, show=show, lineage=facts)
        found += [done] if done else []
    return found


def settings_of(config: ForgeConfig, number: int) -> ForgeConfig:
    """Return a replicate's settings: the recipe's, with its own name and seed."""
    if number == 1:
        return config
    seed = config.seed if config.train.seed is None else config.train.seed
    name = replicates.name_of(config.train.name, number)
    own = replace(config.train, name=name, seed=replicates.seed_of(seed, number))
    return replace(config, train=own)


def listed(number: int, done: TrainingResult) -> dict[str, Any]:
    """Return what the stage's metrics say of a replicate."""
    adapter = done.adapter
    seed = adapter.lineage["train"]["seed"]
    return {"number": number, "seed": seed, "name": adapter.name, "digest": adapter.digest}
