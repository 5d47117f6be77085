"""The first stage: trains an adapter on examples (SFT)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.remarks import remarks
from harness_forge.training import axolotl, dataset, jobs, launch, making, starting, trained
from harness_forge.training.jobs import Job, Say, TrainingResult
from harness_forge.training.making import Watching
from harness_forge.training.starting import Start
from harness_forge.training.token_audit import TokenAudit, audit, check_lengths

_STAMP = "forge.whole"
"""Written last into the folder of the prepared rows."""
_ORDER = "rows by their sha256"
"""Part of a training's key: another order is another training."""


def plan(config: ForgeConfig) -> Job:
    """Return the training that `config` describes; nothing is started.

    Raises:
        TrainError: model or dataset is not fit for it.
        WorksetError: the train workset is not installed.
    """
    data = dataset.read(dataset_folder(config), refit=config.train.refit)
    if (start := _start(config)) is None:
        return jobs.job(config, config.train, data, _ORDER)
    settings = replace(config.train, rank=start.rank, alpha=start.alpha)
    job = jobs.job(config, settings, data, _ORDER, start.adapter.digest)
    starting.check_base(start.adapter, job.base)
    return job


def _start(config: ForgeConfig) -> Start | None:
    if config.train.start is None:
        return None
    if config.train.replicates > 1:
        what = "are trained from nothing, and train.start names an adapter"
        raise TrainError("train.replicates", what, "train.replicates=1, or train.start=null")
    return starting.named(config, config.train.start)


def dataset_folder(config: ForgeConfig) -> Path:
    """Return the folder of the dataset to train on: the configured one, or the export's."""
    if config.train.dataset:
        return Path(config.train.dataset)
    return Path(config.data_dir) / config.export.name


def train(
    config: ForgeConfig, *, lineage: Mapping[str, Any] | None = None, **watching: Unpack[Watching]
) -> TrainingResult | None:
    """Train the adapter that `config` describes, and package it.

    Args:
        lineage: what its lineage says besides.

    Others, raises: as `making.make`.
    """
    job, found = plan(config), _start(config)
    start = found.adapter if found else None

    def package(seen: TokenAudit) -> Adapter:
        counts = {"rows": seen.rows, "tokens": seen.tokens, "trained": seen.trained}
        said = {**trained.lineage(job, counts), **(lineage or {})}
        if start:
            starting.check_moved(job, start, "train")
            said = starting.lineage(said, start)
        return trained.packaged(job, said)

    def prepare(say: Say) -> TokenAudit:
        return _prepared(job, start.folder if start else None, say)

    return making.make(job, config.signing, prepare, package, **watching)


def _prepared(job: Job, start: Path | None, say: Say) -> TokenAudit:
    """Tokenise and check the tokens; a resumed training checks them again."""
    prepared = job.work / "prepared"
    done = (prepared / _STAMP).is_file()
    if not done:
        for note in remarks(job.base, job.card):
            say(f"note: {note}")
        say("looking at the dataset's tokens")
    rows = job.work / "rows.jsonl"
    places = dataset.write_ordered(job.data.files, rows)
    # Rows that were prepared on another day have its date, where the chat template writes one.
    day = datetime.fromtimestamp((prepared / _STAMP).stat().st_mtime) if done else None
    seen = jobs.render_rows(job, rows, day=day, prepared=prepared if done else None)
    limit = job.config.sequence_length
    longest = check_lengths(seen["rows"], limit, str(job.data.folder), places)
    inputs = job.inputs(rows, start, longest)
    jobs.write_config(job, axolotl.render(job.config, inputs, job.seed))
    if not done:
        say("preparing it with Axolotl, and comparing that with what serving renders")
        shutil.rmtree(prepared, ignore_errors=True)
        launch.prepare(job.work / "axolotl.yaml", job.log, jobs.environment(job))
        seen = jobs.render_rows(job, rows, prepared=prepared)
        (prepared / _STAMP).touch()
    return audit(seen["rows"], seen["prepared"], seen["eos"], seen["shown"])
