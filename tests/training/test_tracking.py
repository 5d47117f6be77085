"""Copies of a training's steps in MLflow and Trackio: read back from what they wrote."""

import json
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from test_live import line
from whole_adapters import packaged

from harness_forge.config.train import Tracker
from harness_forge.training import tracking
from harness_forge.worksets.worksets import environment_of, python_of


@pytest.fixture
def job(tmp_path):
    """A training whose step 2 was made twice, since it was killed after its checkpoint."""
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text(line(1, loss=3.0) + line(2, loss=9.0) + line(2, since=1, loss=2.0))
    return SimpleNamespace(
        config=SimpleNamespace(track=[]), metrics=metrics, home=tmp_path, python=None, variables={}
    )


def test_a_step_that_was_made_again_counts_last(job):
    assert [(one["step"], one["loss"]) for one in tracking.curves(job.metrics)] == [
        (1, 3.0), (2, 2.0),
    ]  # fmt: skip


def test_mlflow_has_settings_and_curves_in_a_file(job, tmp_path):
    pytest.importorskip("mlflow")
    adapter, said = packaged(tmp_path), []
    job.config.track = [Tracker.mlflow]
    tracking.track(job, adapter, said.append)
    assert said == []
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as store:
        points = store.execute("SELECT step, value FROM metrics WHERE key = 'loss' ORDER BY step")
        assert points.fetchall() == [(1, 3.0), (2, 2.0)]
        params = dict(store.execute("SELECT key, value FROM params"))
        assert (params["rank"], params["dataset.rows"], params["digest"]) == (
            "2", "30", adapter.digest,
        )  # fmt: skip
        assert store.execute("SELECT name, status FROM runs").fetchall() == [
            (adapter.label, "FINISHED")
        ]


def test_a_tracker_that_fails_is_a_line_and_the_adapter_is_made(job, tmp_path):
    (tmp_path / "mlflow.db").mkdir()
    (tmp_path / "trackio").write_text("")
    job.config.track, said = [Tracker.mlflow, Tracker.trackio], []
    tracking.track(job, packaged(tmp_path), said.append)
    assert [one.partition(" (")[0] for one in said] == [
        "mlflow has no copy of this training", "trackio has no copy of this training",
    ]  # fmt: skip


@pytest.mark.soak
@pytest.mark.workset
def test_trackio_has_them_in_a_file_and_no_space_or_webhook_of_the_shell(home, job, tmp_path):
    job.python, job.config.track = python_of("train", home), [Tracker.trackio]
    job.variables = environment_of("train", home) | {"TRACKIO_WEBHOOK_URL": "http://127.0.0.1:1"}
    said = []
    tracking.track(job, packaged(tmp_path), said.append)
    assert said == []
    (place,) = (tmp_path / "trackio").glob("forge*.db")
    with closing(sqlite3.connect(place)) as store:
        rows = store.execute("SELECT step, metrics FROM metrics ORDER BY step").fetchall()
    assert [(step, json.loads(facts)["loss"]) for step, facts in rows] == [(1, 3.0), (2, 2.0)]
