"""The steps that all trainings share: found if it was made before, else audited, run, packaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from harness_forge.config.signing import SigningConfig
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.signing import trust
from harness_forge.training import jobs, tracking
from harness_forge.training.jobs import Audit, Job, Say, Show, TrainingResult, silent

Counts = TypeVar("Counts", bound=Audit)


class Watching(TypedDict, total=False):
    """What a training tells while it works, and how far it goes. Every key may be left out.

    Args:
        say: called with what is being done.
        show: called with each step.
        audited: called with the audit's counts, before the first step.
        check: stop after the audit and return None.
        live: folder for DVCLive's curves; None is one beside the checkpoints.
    """

    say: Say
    show: Show
    audited: Callable[[Any], None]
    check: bool
    live: Path | None


def make(
    job: Job,
    signing: SigningConfig,
    prepare: Callable[[Say], Counts],
    package: Callable[[Counts], Adapter],
    *,
    say: Say = silent,
    show: Show = silent,
    audited: Callable[[Any], None] = silent,
    check: bool = False,
    live: Path | None = None,
) -> TrainingResult | None:
    """Make one training's adapter, or find it.

    Args:
        prepare: renders rows and the config into the job's folder, and checks the tokens.
        package: packages what was trained.

    Others: as `Watching` says.

    Raises:
        TrainError: model, dataset, tokens or training are not as they must be.
        WorksetError: the train workset is not installed.
        Interrupted: Ctrl-C; the same command resumes from the last checkpoint.
    """
    if not check and (done := _found(job, signing)):
        return done
    trust.demand_key(signing)
    with jobs.hold_lock(job, say, show) as lock:
        # Another process may have made it while this one waited.
        if not check and (done := _found(job, signing)):
            return done
        seen = prepare(say)
        audited(seen)
        if check:
            return None
        jobs.run(job, lock, say, show, live)
        adapter = package(seen)
    tracking.track(job, adapter, say)
    trust.signed(adapter, signing)
    return TrainingResult(adapter, new=True, metrics=job.metrics, audit=seen)


def _found(job: Job, signing: SigningConfig) -> TrainingResult | None:
    done = jobs.find_trained(job)
    if done:
        trust.signed(done.adapter, signing)
    return done
