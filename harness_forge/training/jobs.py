"""Jobs, shared by both training stages: the job's key and lock, and running Axolotl."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.model import ModelConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.train import Hardware, TrainConfig
from harness_forge.core.chat.template import of_day
from harness_forge.core.errors import Interrupted, TrainError
from harness_forge.core.numbers import size
from harness_forge.registry.adapters import package, registry
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.folder import BaseModel, find_base_model
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.training import launch, passed
from harness_forge.training.axolotl import Inputs
from harness_forge.training.dataset import TrainingRows
from harness_forge.training.live import Curves
from harness_forge.training.progress import Step, TrainingProgress, steps_in
from harness_forge.training.target_layers import demand_targets
from harness_forge.training.token_audit import Audit
from harness_forge.training.unfinished import complete, note_begun, take_finished
from harness_forge.worksets.hardware import settle, threads
from harness_forge.worksets.worksets import environment_of, python_of

WORKSET = "train"
_ROOM_MB = 500
_POLL_S = 1.0

Say = Callable[[str], None]
Show = Callable[[Step], None]


def silent(value: object) -> None:
    """Ignore the message."""


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    Args:
        new: False if the same training was made before.
        metrics: the plugin's lines, one for each step.
        audit: the audit's counts; None if nothing was trained.
    """

    adapter: Adapter
    new: bool
    metrics: Path
    audit: Audit | None = None


@dataclass(frozen=True)
class Job:
    """One training, with all settings resolved.

    Args:
        config: its settings; of a second stage, with its own put in.
        key: hash of settings, data and base model: the same key is the same training.
        work: folder of its tokens, checkpoints, log and metrics; outside what
            DVC clears, so that a killed training goes on.
        registry: folder that its adapter is packaged into.
        looks: the ledger of looks at holdouts as it was before the training.
    """

    config: TrainConfig
    base: BaseModel
    card: ModelConfig
    data: TrainingRows
    seed: int
    key: str
    work: Path
    registry: Path
    python: Path
    variables: dict[str, str]
    looks: dict[str, Any]

    @property
    def home(self) -> Path:
        """Forge's home, which has the folder of all trainings."""
        return self.work.parent.parent

    @property
    def metrics(self) -> Path:
        """Where each step's loss goes."""
        return self.work / "metrics.jsonl"

    @property
    def log(self) -> Path:
        """The log of Axolotl's output."""
        return self.work / "axolotl.log"

    @property
    def pairs(self) -> Path:
        """The tokens expected by a second stage; a first stage has no such file."""
        return self.work / "tokens.jsonl"

    def inputs(self, train: Path, start: Path | None = None, longest: int = 0) -> Inputs:
        """Return the paths that Axolotl reads and writes, all absolute."""
        return Inputs(
            model=self.base.folder.absolute(),
            template=self.work / "chat_template.jinja",
            target_modules=_targets(self.base, self.card),
            train=train.absolute(),
            prepared=self.work / "prepared",
            out=self.work / "out",
            start=start.absolute() if start else None,
            longest=longest,
        )


def job(config: ForgeConfig, settings: TrainConfig, data: TrainingRows, *facts: Any) -> Job:
    """Return the job of one training; nothing is started.

    Args:
        settings: of this training; `auto` is resolved here.
        facts: further parts of the key, which identifies the training.

    Raises:
        TrainError: the model is not suitable.
        WorksetError: the train workset is not installed.
        EvalError: the ledger of looks cannot be read.
    """
    home = Path(config.forge_home)
    settings = settle(settings)
    python, variables = python_of(WORKSET, home), environment_of(WORKSET, home)
    base = find_base_model(config.model, home)
    demand_targets(base, config.model)
    if settings.sequence_length > config.model.context:
        what = f"{settings.sequence_length} tokens are more than the model's {config.model.context}"
        hint = f"train.sequence_length={config.model.context}, or less"
        raise TrainError("train.sequence_length", what, hint)
    seed = config.seed if settings.seed is None else settings.seed
    # Paths and the frequency of checkpoints do not change what is learned.
    kept = replace(
        settings, name="", dataset=None, out="", refit=False, threads=0, save_steps=1, seed=seed
    )
    whole = [str(kept), data.digest, base.digest, list(config.model.target_modules), *facts]
    whole += [{"processes": settings.processes}] if settings.processes > 1 else []
    whole += [{"axolotl": settings.axolotl}] if settings.axolotl else []
    key = sha256(json.dumps(whole).encode()).hexdigest()[:16]
    return Job(
        settings, base, config.model, data, seed, key,
        work=home.resolve() / "training" / key,
        registry=Path(settings.out) if settings.out else registry.folder(home),
        python=python,
        variables=variables,
        looks=HoldoutLedger(config.budget, home).state().facts(),
    )  # fmt: skip


def _targets(base: BaseModel, card: ModelConfig) -> list[str] | str:
    """Return the layers that an adapter is put on: names, or a pattern of whole names.

    Parts for pictures have layers of the same names, and no example has pictures.
    """
    if not base.wrapped:
        return list(card.target_modules)
    return rf".*\blanguage_model\..*\.({'|'.join(map(re.escape, card.target_modules))})"


def find_trained(job: Job) -> TrainingResult | None:
    """Return the result of the same training, if it was completed before."""
    done = package.find(job.registry, job.config.name, job.key)
    return TrainingResult(done, new=False, metrics=job.metrics) if done else None


@contextmanager
def hold_lock(job: Job, say: Say, show: Show) -> Iterator[int]:
    """Hold the training's lock; a child process that outlives forge keeps holding it.

    If it is held, this very training is running: it is followed to its end.
    """
    job.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(job.work).free / 1e6
    if free < _ROOM_MB:
        what = (
            f"{size(free * 1e6)} of disk is free, {size(_ROOM_MB * 1e6)} is needed for checkpoints"
        )
        raise TrainError(str(job.work), what, "free some, or set forge_home=DIR")
    with (job.work / "lock").open("w") as lock:
        if not _locked(lock):
            say("this very training is running already: following it")
            _follow(job, lock, show)
        yield lock.fileno()


def _locked(lock) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _follow(job: Job, lock, show: Show) -> None:
    written = job.metrics.stat().st_size if job.metrics.is_file() else 0
    progress = TrainingProgress(job.metrics, written)
    try:
        while not _locked(lock):
            for step in progress.new():
                show(step)
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        raise Interrupted("train", "no longer followed", "it goes on by itself") from None


def write_config(job: Job, rendered: dict[str, Any]) -> None:
    """Write Axolotl's config into the job's folder, with the keys that the recipe gives it.

    Raises:
        TrainError: Axolotl or forge refuses such a key.
    """
    import yaml

    given = job.config.axolotl
    whole = passed.merged(rendered, given)
    path = job.work / "axolotl.yaml"
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    if given:
        passed.check_once(path, given, job.python, environment(job))


def render_rows(
    job: Job, train: Path, *, day: datetime | None = None, **more: Path | None
) -> dict[str, Any]:
    """Return the rows of `train` tokenised as serving renders them; see `launch.tokens`.

    Args:
        day: that a template which writes the date takes for today; None is today.
    """
    template = job.work / "chat_template.jinja"
    template.write_text(job.base.template, encoding="utf-8")
    if day and (text := of_day(job.base.template, day)) != job.base.template:
        # Beside the other, which Axolotl reads: by it, it finds what it prepared.
        template = job.work / "chat_template_of_day.jinja"
        template.write_text(text, encoding="utf-8")
    model = job.base.folder.absolute()
    return launch.tokens(
        job.python, job.variables, model=model, template=template, train=train.absolute(), **more
    )


def run(job: Job, lock: int, say: Say, show: Show, live: Path | None) -> None:
    """Train to the end, resuming from the last checkpoint if there is one and it is not the end."""
    at = checkpoint(job)
    where = f"{job.config.adapter.name} on {job.config.hardware.name}"
    if job.config.processes > 1:
        where += f" in {job.config.processes} processes"
    if job.config.ray:
        where += f" of a Ray cluster ({job.config.ray})"
    ended = take_finished(job.work, at)
    if ended:
        say(f"{where} has made its last step, {at}, before: nothing is trained again")
    else:
        say(f"training {where}" + (f", from the checkpoint of step {at}" if at else ""))
    note_begun(job.work, job.config.name)
    curves = Curves(job.metrics, live or job.work / "live", last=at)

    def shown(step: Step) -> None:
        curves.update()
        show(step)

    try:
        if not ended:
            launch.train(
                job.work / "axolotl.yaml",
                job.log,
                environment(job),
                metrics=job.metrics,
                show=shown,
                gpu=job.config.hardware is Hardware.cuda,
                processes=job.config.processes,
                ray=job.config.ray,
                hold=(lock,),
            )
    finally:
        curves.close()
    check_ended(job.metrics)


def check_ended(metrics: Path) -> None:
    """Check that a training made its last step.

    Axolotl ends on SIGINT as if it were done, with the adapter as it is by then.

    Raises:
        Interrupted: it did not.
    """
    last = next(reversed(steps_in(metrics)), None)
    if last and last["step"] < last["steps"]:
        what = f"was stopped at step {last['step']} of {last['steps']}; no adapter is made of it"
        raise Interrupted("train", what, "the same command goes on from the last checkpoint")


def checkpoint(job: Job) -> int:
    """Return the step of the last complete checkpoint, 0 for none; delete incomplete ones.

    Axolotl resumes from the newest folder and crashes if its writer was killed.
    """
    whole = complete(job.work / "out")
    for folder in (job.work / "out").glob("checkpoint-*"):
        if folder not in whole.values():
            shutil.rmtree(folder)
    return max(whole, default=0)


def environment(job: Job) -> dict[str, str]:
    """Return Axolotl's environment variables."""
    # How many processes of a cluster share this machine's cores only Ray knows.
    here = 1 if job.config.on_a_cluster else job.config.processes
    return launch.environment(
        job.variables,
        threads=max(1, threads(job.config) // here),
        metrics=job.metrics,
        # Dropout would differ between a prompt run once and one run per row.
        shared_prompt=job.config.shared_prompt and not job.config.dropout,
        pairs=job.pairs if job.pairs.is_file() else None,
        gpu=job.config.hardware is Hardware.cuda,
    )
