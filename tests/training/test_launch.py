"""What is said of a training that dies: one line and what to do, from a real process's end."""

import shutil
from collections import namedtuple

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import TrainError, WorksetError
from harness_forge.training import jobs, launch, supervised


@pytest.fixture
def axolotl(tmp_path):
    """Make a program of that name out of a line of shell, run it, and return what was said."""

    def run(line):
        program = tmp_path / "axolotl"
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        variables = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        with pytest.raises(TrainError) as caught:
            launch.prepare(tmp_path / "axolotl.yaml", tmp_path / "axolotl.log", variables)
        return str(caught.value)

    return run


@pytest.mark.parametrize(
    ("line", "told", "remedy"),
    [
        ("kill -9 $$", "axolotl preprocess: was killed", "lower train.micro_batch"),
        ("echo MemoryError; exit 1", "axolotl preprocess: is out of memory", "train.micro_batch"),
        ("echo 'CUDA out of memory'; exit 1", "is out of memory", "raise train.accumulate"),
        ("echo 'No space left on device'; exit 1", "the disk is full", "goes on from here"),
        ("echo 'ValueError: no such'; exit 3", "ended with code 3: ValueError: no such", "output:"),
        (
            "echo '[rank1]: OSError: gone'; echo ChildFailedError; exit 1",
            "code 1: OSError: gone",
            "output:",
        ),
        ("exit 4", "ended with code 4: no message", "output:"),
    ],
)
def test_a_death_gets_one_line_and_a_remedy(axolotl, line, told, remedy):
    first, hint = axolotl(line).splitlines()
    assert told in first
    assert remedy in hint


def test_words_of_an_earlier_run_are_not_taken_for_this_ones(axolotl, tmp_path):
    (tmp_path / "axolotl.log").write_text("MemoryError\n")
    assert "ended with code 5" in axolotl("exit 5")


def test_a_full_disk_is_told_before_anything_starts(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 10**7))
    job = namedtuple("job", "work")(tmp_path / "work")
    with (
        pytest.raises(TrainError, match=r"10\.0 MB of disk is free, 500\.0 MB is needed"),
        jobs.hold_lock(job, jobs.silent, jobs.silent),
    ):
        pass


def test_a_checkpoint_whose_writer_was_killed_is_left_out(tmp_path):
    for step, state in ((20, "{}"), (40, '{"cut'), (60, None)):
        folder = tmp_path / f"out/checkpoint-{step}"
        folder.mkdir(parents=True)
        if state:
            (folder / "trainer_state.json").write_text(state)
    job = namedtuple("job", "work")(tmp_path)
    assert jobs.checkpoint(job) == 20
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoint-20"]


def test_a_missing_workset_is_told_before_the_model_is_looked_for(tmp_path):
    (tmp_path / "train.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
    )
    overrides = [f"train.dataset={tmp_path}", f"forge_home={tmp_path}", "train.hardware=cpu"]
    with pytest.raises(WorksetError) as caught:
        supervised.plan(compose(overrides=overrides))
    assert str(caught.value) == (
        "workset train: is not installed\n  hint: run `forge workset install train`"
    )


def test_threads_of_a_training_sleep_while_they_wait(tmp_path):
    found = launch.environment({"PATH": "/bin"}, threads=3, metrics=None, shared_prompt=True)
    assert (found["OMP_NUM_THREADS"], found["OMP_WAIT_POLICY"]) == ("3", "PASSIVE")
