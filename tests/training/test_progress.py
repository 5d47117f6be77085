"""Steps as the plugin writes them."""

import json

import pytest

from harness_forge.cli.train import shower
from harness_forge.training.progress import Step, TrainingProgress, summary


def line(step, elapsed, tokens, loss=1.0):
    facts = {"step": step, "steps": 10, "elapsed_s": elapsed, "tokens/total": tokens, "loss": loss}
    return json.dumps(facts) + "\n"


def test_pace_comes_from_the_steps_after_the_first(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(line(1, 30.0, 100) + line(2, 32.0, 300))
    first, second = TrainingProgress(path).new()
    assert (first.tokens_per_s, first.left_s) == (None, None)
    assert (second.tokens_per_s, second.left_s) == (100.0, 16.0)
    assert str(second) == "step 2/10  loss 1.000  100 tokens/s  0:16 left"


def test_a_line_half_written_waits(tmp_path):
    path = tmp_path / "metrics.jsonl"
    whole = line(1, 1.0, 10)
    path.write_text(whole[:20])
    progress = TrainingProgress(path)
    assert list(progress.new()) == []
    path.write_text(whole)
    assert [step.step for step in progress.new()] == [1]
    assert list(progress.new()) == []


def test_an_earlier_stretch_is_skipped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(line(1, 1.0, 10))
    progress = TrainingProgress(path, skip=path.stat().st_size)
    with path.open("a") as file:
        file.write(line(2, 1.0, 10))
    assert [step.step for step in progress.new()] == [2]


def test_the_summary_leaves_out_the_time_between_two_stretches(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        line(1, 10.0, 100, 3.0) + line(2, 20.0, 200) + line(3, 5.0, 50) + line(4, 15.0, 150, 0.5)
    )
    assert summary(path) == {
        "steps": 4,
        "seconds": 35.0,
        "first_loss": 3.0,
        "last_loss": 0.5,
        "tokens_per_s": pytest.approx(10.0),
    }


def test_a_log_gets_a_sixth_of_the_steps_and_the_last(capsys):
    show = shower()
    for step in range(1, 238):
        show(Step(step, 237, 0.5, None, None))
    assert capsys.readouterr().out.splitlines() == [
        f"train: step {step}/237  loss 0.500" for step in (1, 40, 80, 120, 160, 200, 237)
    ]


def test_a_line_just_before_the_last_is_left_out(capsys):
    show = shower()
    for step in range(1, 122):
        show(Step(step, 121, 0.5, None, None))
    said = [line.split()[2] for line in capsys.readouterr().out.splitlines()]
    assert said == ["1/121", "21/121", "42/121", "63/121", "84/121", "105/121", "121/121"]
