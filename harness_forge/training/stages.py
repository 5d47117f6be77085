"""Training as pipeline stages: from a dataset folder to an adapter folder and metrics.

Every output is written as a draft and moved into place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Unpack

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.files import write_json
from harness_forge.registry.adapters import package
from harness_forge.training import preferences, supervised
from harness_forge.training.jobs import Say, TrainingResult, silent
from harness_forge.training.live import Curves
from harness_forge.training.making import Watching
from harness_forge.training.replicates import listed, train_replicates
from harness_forge.training.token_audit import TokenAudit


def audit(config: ForgeConfig, dataset: Path, out: Path, *, say: Say = silent) -> TokenAudit:
    """Check the tokens of a dataset and write counts and one decoded example to `out`.

    A training with the same settings then reuses the prepared tokens.

    Raises:
        TrainError: names the first faulty row.
    """
    seen: list[TokenAudit] = []
    supervised.train(_on(config, dataset), say=say, audited=seen.append, check=True)
    write_json(out, asdict(seen[0]))
    return seen[0]


def train_sft(
    config: ForgeConfig,
    dataset: Path,
    adapter: Path,
    metrics: Path,
    live: Path,
    **watching: Unpack[Watching],
) -> TrainingResult:
    """Train on a dataset, or copy the result of the same training from the registry.

    Of several replicates the first is put there, and `metrics` lists them all. The others stay
    in the registry.

    Args:
        adapter: folder for a copy of the packaged adapter.
        metrics: JSON file of steps, loss and tokens/s.
        live: folder of the curves, as DVCLive writes them.
    """
    config = _on(config, dataset)
    done, *others = train_replicates(config, live=live, **watching)
    return _put(done, adapter, metrics, live, others)


def train_dpo(
    config: ForgeConfig,
    dataset: Path,
    start: Path,
    adapter: Path,
    metrics: Path,
    live: Path,
    **watching: Unpack[Watching],
) -> TrainingResult:
    """Train the adapter in `start` further on preference pairs; otherwise like `train_sft`."""
    dpo = replace(config.dpo, dataset=str(dataset), start=str(start.absolute()))
    config = replace(config, dpo=dpo)
    done = preferences.train_preferences(config, live=live, **watching)
    return _put(done, adapter, metrics, live)


def _on(config: ForgeConfig, dataset: Path) -> ForgeConfig:
    return replace(config, train=replace(config.train, dataset=str(dataset)))


def _put(
    done: TrainingResult | None,
    adapter: Path,
    metrics: Path,
    live: Path,
    others: Sequence[TrainingResult] = (),
) -> TrainingResult:
    assert done is not None
    if not done.new:
        # DVC has cleared the folder: write the curves of the earlier training.
        Curves(done.metrics, live).close()
    more: dict[str, Any] = {}
    if others:
        more["replicates"] = [listed(number, one) for number, one in enumerate((done, *others), 1)]
    package.copy(done.adapter, adapter)
    write_json(metrics, _metrics(done) | more)
    return done


def _metrics(done: TrainingResult) -> dict[str, Any]:
    """Return the metrics, the same for a new and an earlier training."""
    lineage = done.adapter.lineage
    counts = {"rows": lineage["audit"]["rows"], "trained_tokens": lineage["audit"]["trained"]}
    return counts | lineage["measured"]
