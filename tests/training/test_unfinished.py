"""Trainings that stand half done are said, with what goes on."""

import fcntl
import json
from types import SimpleNamespace

import pytest

from harness_forge.cli import main
from harness_forge.config.train import Hardware
from harness_forge.training import jobs, launch
from harness_forge.training.progress import summary
from harness_forge.training.unfinished import note_begun, take_finished, unfinished


@pytest.fixture
def half_done(tmp_path, monkeypatch):
    """A training of forge train, killed at step 14 of 27, a checkpoint of step 12 kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/x/bin/forge", "train", "train.name=two words"])
    place = tmp_path / "home" / "training" / "k1"
    for step in (12, 18):
        (place / "out" / f"checkpoint-{step}").mkdir(parents=True)
    (place / "out" / "checkpoint-12" / "trainer_state.json").write_text("{}")
    (place / "out" / "checkpoint-18" / "trainer_state.json").write_text("{")
    steps = [{"step": n, "steps": 27, "loss": 1.0, "elapsed_s": n} for n in range(1, 15)]
    (place / "metrics.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in steps))
    note_begun(place, "tiny")
    return place


def only(place):
    (found,) = unfinished(place.parents[1])
    return found


def test_says_how_far_it_is_and_what_goes_on(half_done):
    found = only(half_done)
    assert (found.step, found.steps, found.checkpoint, found.runs) == (14, 27, 12, False)
    assert str(found).startswith("tiny is at step 14 of 27, stopped ")
    assert str(found).endswith(
        " ago, with the checkpoint of step 12; `forge train 'train.name=two words'` goes on"
    )
    # Looking changes nothing.
    assert (half_done / "out" / "checkpoint-18").is_dir()


def test_elsewhere_the_folder_is_said_too(half_done, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert only(half_done).remedy.startswith(f"`cd {tmp_path}; forge train ")


def test_a_stage_goes_on_with_dvc(half_done, tmp_path, monkeypatch):
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.setattr("sys.argv", ["forge", "stage", "train_sft"])
    note_begun(half_done, "tiny")
    assert only(half_done).remedy == "`dvc repro`"


def test_one_that_another_program_began(half_done, monkeypatch):
    monkeypatch.setattr("sys.argv", ["-c"])
    note_begun(half_done, "tiny")
    assert only(half_done).remedy == "the command that began it"


def test_one_that_runs(half_done):
    with (half_done / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert str(only(half_done)) == "tiny is at step 14 of 27, and runs"


@pytest.mark.parametrize(
    "text", ["", "3\n", "{}\n", '{"loss": 1}\n', '{"step": 9, "steps": 9, "loss": 1}\n']
)
def test_what_has_ended_or_not_begun_is_not(half_done, text):
    (half_done / "metrics.jsonl").write_text(text)
    (half_done / "out").rename(half_done / "gone")
    assert not list(unfinished(half_done.parents[1]))


@pytest.mark.parametrize(
    "words",
    [
        ["adapter", "ls"],
        ["train", "--plan", "model.shape=qwen3-14b", "gpu.card=l4", "data_dir=none"],
        ["doctor", "skill=recorded", "skill.name=mine"],
    ],
)
def test_verbs_say_it(half_done, words, capsys):
    main([*words, f"forge_home={half_done.parents[1]}"])
    said = capsys.readouterr().out
    assert "is at step 14 of 27, stopped " in said
    assert "`forge train 'train.name=two words'`" in said


@pytest.fixture
def at_its_end(half_done):
    """The same, but its trainer lived on: the checkpoint of step 27 is whole."""
    with (half_done / "metrics.jsonl").open("a") as file:
        for n in range(15, 28):
            file.write(f"{json.dumps({'step': n, 'steps': 27, 'loss': n / 100, 'elapsed_s': n})}\n")
    folder = half_done / "out" / "checkpoint-27"
    folder.mkdir()
    (folder / "trainer_state.json").write_text('{"global_step": 27, "max_steps": 27}')
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"of step 27")
    # What a stop with Ctrl-C left.
    (half_done / "out" / "adapter_model.safetensors").write_bytes(b"of step 14")
    return half_done


def run(place, monkeypatch, tmp_path):
    """Run the training of a folder; return what was said, and whether Axolotl was started."""
    said, started = [], []
    monkeypatch.setattr(launch, "train", lambda *words, **more: started.append(words))
    monkeypatch.setattr(jobs, "environment", lambda job: {})
    names = SimpleNamespace(
        name="tiny", adapter=Hardware.cpu, hardware=Hardware.cpu, processes=1, ray=None
    )
    job = SimpleNamespace(
        work=place, metrics=place / "metrics.jsonl", log=place / "axolotl.log", config=names
    )
    jobs.run(job, 0, said.append, jobs.silent, tmp_path / "live")
    return said[0], bool(started)


def test_one_that_made_its_last_step_is_not_trained_again(at_its_end, monkeypatch, tmp_path):
    said, started = run(at_its_end, monkeypatch, tmp_path)
    assert said == "cpu on cpu has made its last step, 27, before: nothing is trained again"
    assert not started
    out = at_its_end / "out"
    assert (out / "adapter_model.safetensors").read_bytes() == b"of step 27"
    assert (out / "adapter_config.json").is_file()
    measured = summary(at_its_end / "metrics.jsonl")
    assert (measured["steps"], measured["last_loss"]) == (27, 0.27)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("trainer_state.json", '{"global_step": 27, "max_steps": 40}'),
        ("trainer_state.json", "{}"),
        ("../../metrics.jsonl", '{"step": 26, "steps": 27, "loss": 1, "elapsed_s": 1}\n'),
    ],
)
def test_what_is_not_at_its_end_goes_on(at_its_end, file, text):
    (at_its_end / "out" / "checkpoint-27" / file).write_text(text)
    assert not take_finished(at_its_end, 27)
    assert (at_its_end / "out" / "adapter_model.safetensors").read_bytes() == b"of step 14"


def test_without_a_checkpoint_it_begins_anew(half_done):
    assert not take_finished(half_done, 0)
