"""Puts an adapter on another one: its rows are learned again from the other's weights.

A server puts one adapter on a request. So a personal layer on a shared one is one adapter that
began as the shared one; the shared one stays as it is, and so does the personal one before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import bom
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.adapters.parents import merged

_KEPT = (
    "dropout", "learning_rate", "schedule", "warmup", "weight_decay", "epochs", "refit",
    "max_steps", "micro_batch", "accumulate", "sequence_length", "group_by_length",
    "shared_prompt", "seed",
)  # fmt: skip
"""Settings that say what is learned; the machine's own are those of the config."""


def check(personal: Adapter, shared: Adapter) -> None:
    """Refuse an adapter that was not made by one training on examples.

    Raises:
        TrainError: it was merged, or trained by a second stage; or both are one.
    """
    where = f"adapter {personal.label}"
    if personal.digest == shared.digest:
        raise TrainError(where, "is put on itself", "on=NAME of another")
    if merged(personal.lineage):
        hint = f"merge its parts again: forge adapter merge … {shared.name} as=NEW"
        raise TrainError(where, "was merged, so there are no rows of its own", hint)
    stage = next((kind for kind in bom.SECOND_STAGES if kind in personal.lineage), None)
    if stage:
        start = (personal.lineage.get("parent") or {}).get("name", "NAME")
        hint = (
            f"forge adapter rebase {start} on={shared.name} as=NEW, "
            f"then forge train {stage} {stage}.start=NEW"
        )
        raise TrainError(where, f"is a second stage ({stage})", hint)


def settings(
    config: ForgeConfig, personal: Adapter, shared: Adapter, name: str, dataset: Path
) -> ForgeConfig:
    """Return the config of the training: the personal layer's own settings, from the shared one.

    Args:
        name: of the new adapter.
        dataset: folder of the rows.
    """
    said = personal.lineage.get("train") or {}
    kept = {key: said[key] for key in _KEPT if key in said}
    own = replace(
        config.train,
        **kept,
        name=name,
        dataset=str(dataset),
        start=str(shared.folder),
        replicates=1,
    )
    return replace(config, train=own)
