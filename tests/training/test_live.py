"""The curves that DVC plots: each step once, in order, whatever happened on the way."""

import csv
import json
import subprocess

import pytest

from harness_forge.core.errors import Interrupted
from harness_forge.training.jobs import check_ended
from harness_forge.training.live import Curves


def line(step, since=0, loss=1.0):
    fact = {
        "step": step,
        "steps": 9,
        "since": since,
        "elapsed_s": 10.0 * (step - since),
        "loss": loss,
        "learning_rate": 0.5,
        "tokens/total": 100.0 * (step - since),
    }
    return json.dumps(fact) + "\n"


def series(folder, name="loss"):
    with (folder / f"plots/metrics/{name}.tsv").open() as file:
        return [
            (int(row["step"]), float(row[name])) for row in csv.DictReader(file, delimiter="\t")
        ]


def test_steps_appear_while_they_are_made(tmp_path):
    metrics, folder = tmp_path / "metrics.jsonl", tmp_path / "live"
    curves = Curves(metrics, folder)
    metrics.write_text(line(1, loss=3.0))
    curves.update()
    assert series(folder) == [(1, 3.0)]
    with metrics.open("a") as file:
        file.write(line(2, loss=2.0))
    curves.close()
    assert series(folder) == [(1, 3.0), (2, 2.0)]
    assert series(folder, "tokens_per_s") == [(2, 10.0)]
    assert json.loads((folder / "metrics.json").read_text())["step"] == 2


def test_a_resumed_training_has_no_step_twice(tmp_path):
    metrics, folder = tmp_path / "metrics.jsonl", tmp_path / "live"
    # Killed after step 3; the checkpoint was that of step 2.
    metrics.write_text(line(1) + line(2) + line(3, loss=9.0))
    curves = Curves(metrics, folder, last=2)
    with metrics.open("a") as file:
        file.write(line(3, since=2, loss=4.0) + line(4, since=2, loss=3.0))
    curves.close()
    assert series(folder) == [(1, 1.0), (2, 1.0), (3, 4.0), (4, 3.0)]


def test_curves_of_a_training_made_before_are_those_it_ended_with(tmp_path):
    metrics, folder = tmp_path / "metrics.jsonl", tmp_path / "live"
    metrics.write_text(line(1) + line(2, loss=9.0) + line(2, since=1, loss=2.0))
    Curves(metrics, folder).close()
    assert series(folder) == [(1, 1.0), (2, 2.0)]


def test_what_was_there_before_is_gone(tmp_path):
    metrics, folder = tmp_path / "metrics.jsonl", tmp_path / "live"
    metrics.write_text(line(1))
    for _ in range(2):
        Curves(metrics, folder).close()
    assert len(series(folder)) == 1


def test_nothing_is_sent_and_no_experiment_saved_inside_a_pipeline(tmp_path, monkeypatch):
    for name in ("DVC_STUDIO_TOKEN", "DVC_ROOT", "DVC_EXP_BASELINE_REV", "DVC_EXP_NAME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("DVC_STUDIO_REPO_URL", "git@example.org:a/b.git")
    (tmp_path / "metrics.jsonl").write_text(line(1))
    curves = Curves(tmp_path / "metrics.jsonl", tmp_path / "live")
    assert curves._live._dvc_studio_config == {}
    assert not curves._live._save_dvc_exp
    curves.close()


def test_a_git_repository_without_a_commit_stays_as_it_is(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    curves = Curves(tmp_path / "metrics.jsonl", tmp_path / "live")
    (tmp_path / "metrics.jsonl").write_text(line(1, loss=3.0))
    curves.close()
    assert series(tmp_path / "live") == [(1, 3.0)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "live", "metrics.jsonl"]


def test_a_training_that_was_stopped_before_its_last_step_makes_no_adapter(tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text("".join(line(step) for step in range(1, 10)))
    check_ended(metrics)
    metrics.write_text(line(1) + line(2))
    with pytest.raises(Interrupted) as stopped:
        check_ended(metrics)
    assert str(stopped.value) == (
        "train: was stopped at step 2 of 9; no adapter is made of it\n"
        "  hint: the same command goes on from the last checkpoint"
    )
