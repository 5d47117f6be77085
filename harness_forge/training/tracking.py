"""Copies a training's steps to MLflow or Trackio, on this machine alone, if the recipe asks.

DVCLive's curves are written always (`live.py`): the loop's plots read them. These copies decide
nothing: a fault is one line, and the training goes on.
"""

from __future__ import annotations

import json
import subprocess
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.config.train import Tracker
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.mlflow_client import SQLITE, client_of
from harness_forge.training.jobs import Job
from harness_forge.training.live import CURVES
from harness_forge.training.progress import steps_in

Say = Callable[[str], None]
PROJECT = "forge"
"""Name of MLflow's experiment and of Trackio's project."""

_WORKER = Path(__file__).with_name("trackio_worker.py")
_NAMED = (("base", "name"), ("dataset", "name"), ("dataset", "rows"), ("dataset", "digest"))


def track(job: Job, adapter: Adapter, say: Say) -> None:
    """Write a training that has ended to each tracker of `train.track`."""
    steps, facts = curves(job.metrics), _facts(adapter)
    for one in job.config.track:
        try:
            if one is Tracker.mlflow:
                _mlflow(job.home / "mlflow.db", adapter.label, facts, steps)
            else:
                _trackio(job, adapter.label, facts, steps)
        # Whatever they raise, the adapter is made.
        except Exception as error:
            first = (str(error).splitlines() or [""])[0] or type(error).__name__
            hint = ": pip install 'harness-forge[mlflow]'" if isinstance(error, ImportError) else ""
            say(f"{one.name} has no copy of this training ({first}{hint})")


def _facts(adapter: Adapter) -> dict[str, Any]:
    """Return what is kept with a run: settings, and what it was trained on."""
    lineage = adapter.lineage
    named = {f"{key}.{name}": lineage[key].get(name) for key, name in _NAMED}
    return {**lineage["train"], **named, "digest": adapter.digest}


def curves(metrics: Path) -> list[dict[str, Any]]:
    """Return the values of each step once, in order; a step that was made again counts last."""
    last = {fact["step"]: fact for fact in steps_in(metrics)}
    return [
        {
            "step": step,
            **{name: last[step][key] for key, name in CURVES.items() if key in last[step]},
        }
        for step in sorted(last)
    ]


def _mlflow(
    store: Path, name: str, facts: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = client_of(f"{SQLITE}{store.absolute()}")
        from mlflow.entities import Metric, Param

        found = client.get_experiment_by_name(PROJECT)
        place = found.experiment_id if found else client.create_experiment(PROJECT)
        run = client.create_run(place, run_name=name, tags={"forge.adapter": name})
        points = [
            Metric(key, float(value), 0, fact["step"])
            for fact in steps
            for key, value in fact.items()
            if key != "step"
        ]
        said = [Param(key, str(value)) for key, value in facts.items()]
        client.log_batch(run.info.run_id, params=said)
        for start in range(0, len(points), 1000):
            client.log_batch(run.info.run_id, metrics=points[start : start + 1000])
        client.set_terminated(run.info.run_id)


def _trackio(
    job: Job, name: str, facts: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]
) -> None:
    place = (job.home / "trackio").absolute()
    place.mkdir(parents=True, exist_ok=True)
    said = {"project": PROJECT, "name": name, "config": dict(facts), "steps": list(steps)}
    # A Space or a webhook of the user's shell would send it elsewhere.
    kept = {key: value for key, value in job.variables.items() if not key.startswith("TRACKIO_")}
    done = subprocess.run(
        [job.python, "-P", _WORKER],
        input=json.dumps(said, default=str),
        env=kept | {"TRACKIO_DIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1][:200])
