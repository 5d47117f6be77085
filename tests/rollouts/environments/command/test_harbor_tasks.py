"""`forge env export harbor`: task folders, their test run for real, and what comes back."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import replace

import pytest

from harness_forge.collect.sources import trajectories
from harness_forge.config.compose.engine import compose
from harness_forge.config.run import RunConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import EnvironmentKind, SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.core.errors import ConfigError, EvalError, RunError
from harness_forge.core.records import Split, WorkItem
from harness_forge.rollouts.harbor import folder, giving, judging, portable
from harness_forge.store.splits.holdout_ledger import HoldoutLedger

pytestmark = pytest.mark.sandbox

ROWS = [
    {"id": f"add/{k}" if k == 2 else f"add_{k}", "kind": "add", "does": f"n + {k}", "given": 9,
     "wanted": 9 + k}
    for k in range(2, 9)
]  # fmt: skip


@pytest.fixture
def config(settings, store, home, tmp_path, monkeypatch):
    """A composition with seven items; one has an id that is no name of a folder."""
    monkeypatch.chdir(tmp_path)
    items = tmp_path / "items.jsonl"
    items.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    command = replace(settings, items=str(items))
    kind = EnvironmentKind.command
    skill = SkillConfig(name="small", host="small", environment=kind, command=command)
    return ForgeConfig(skill=skill, store=StoreConfig(url=store.url), forge_home=str(home))


def chosen(config, split):
    return replace(config, run=RunConfig(split=split))


def judged(task, home, tmp_path, answer):
    """Run a task's own test on an answer, with nothing but the forge that the task carries."""
    with tarfile.open(task / "tests/forge.tar.gz") as packed:
        # Python 3.11.2, which Debian 12 has, knows no filter; later ones warn where there is none.
        kept = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        packed.extractall(tmp_path / "carried", **kept)
    place = tmp_path / "answer"
    place.mkdir(exist_ok=True)
    for path in place.iterdir():
        path.unlink()
    if isinstance(answer, str):
        (place / "code").write_text(answer)
    elif answer:
        answer(place / "code")
    logs = tmp_path / "logs/verifier"
    told = {"FORGE_ANSWER": place, "FORGE_LOGS": logs, "FORGE_HOME": home}
    told |= {"FORGE_PYTHON": sys.executable, "PYTHONPATH": tmp_path / "carried"}
    env = {"PATH": os.environ["PATH"], **{key: str(value) for key, value in told.items()}}
    done = subprocess.run(["bash", task / "tests/test.sh"], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((logs / "reward.json").read_text()), done.stdout


def test_a_task_judges_as_forge_does(config, home, tmp_path):
    given = giving.give(config, tmp_path / "out", solutions=True)
    assert {one.split for one in given.tasks} == {"train"}
    one = given.tasks[0]
    task = tmp_path / "out" / one.task
    solve = (task / "solution/solve.sh").read_text().replace("/app/answer", str(tmp_path / "gold"))
    subprocess.run(["bash", "-c", solve], check=True)
    gold = (tmp_path / "gold/code").read_text()
    assert judged(task, home, tmp_path, gold)[0] == {"reward": 1.0, "value": 1.0}
    assert judged(task, home, tmp_path, "def f(n):\n    return 0\n")[0]["reward"] == 0
    # The guard is the task's too: a right answer that edits its check does not count.
    cheat = f"{gold}\nopen('test_it.py', 'a').write('#')\n"
    config_of = json.loads((task / "tests/skill.json").read_text())
    assert config_of["settings"]["gold"] == {}
    assert config_of["evaluator_version"] in (task / "task.toml").read_text()
    applied = config_of["settings"] | {"apply": "python3 solution.py"}
    (task / "tests/skill.json").write_text(json.dumps(config_of | {"settings": applied}))
    reward, said = judged(task, home, tmp_path, cheat)
    assert (reward["reward"], "changed: test_it.py" in said) == (0, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "there is no file code"),
        (lambda path: path.symlink_to("/etc/passwd"), "code is no plain file"),
        (lambda path: path.mkdir(), "code is no plain file"),
        (lambda path: os.mkfifo(path), "code is no plain file"),
        (lambda path: path.write_bytes(b"\xff"), "code is not UTF-8"),
        (lambda path: path.write_bytes(b"#" * (judging.MOST_BYTES + 1)), "is longer than"),
    ],
)
def test_what_is_no_answer_is_read_by_nobody(tmp_path, answer, said):
    (tmp_path / "a").mkdir()
    if answer:
        answer(tmp_path / "a/code")
    with pytest.raises(judging.NoAnswer, match=said):
        judging.read_answer(tmp_path / "a", {"code": {"type": "string"}})


def test_the_agent_gets_the_prompt_and_neither_check_nor_answer(config, tmp_path):
    given = giving.give(config, tmp_path / "out")
    for one in given.tasks:
        task = tmp_path / "out" / one.task
        assert not (task / "solution").exists()
        asked = (task / "instruction.md").read_text()
        assert asked.startswith("Solve the task. Answer with one call of write.\n\nWrite f(n)")
        assert "`/app/answer/code` (text)" in asked
        assert [path.name for path in (task / "environment").iterdir()] == ["Dockerfile"]
        held = tomllib.loads((task / "task.toml").read_text())
        assert held["verifier"]["environment_mode"] == "separate"
        assert held["verifier"]["environment"]["network_mode"] == "no-network"
        assert held["artifacts"] == ["/app/answer"]
        assert held["metadata"]["item"] == one.item
        assert "# as it was asked for" not in "".join(
            path.read_text() for path in task.rglob("*") if path.suffix not in (".gz",)
            and path.is_file()
        )  # fmt: skip


def test_a_field_of_the_item_that_the_call_fills_is_not_given_away(settings, tmp_path):
    from harness_forge.rollouts.environments.command import items

    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(ROWS[0] | {"code": "def f(n): return n + 2"}) + "\n")
    command = replace(settings, items=str(path), gold={"code": "{code}"})
    (item,) = items.load(command, {}).values()
    portable._of_command(command, item, tmp_path)
    assert "return n + 2" not in (tmp_path / portable.ITEM).read_text()


def test_held_out_items_are_marked_and_spend_a_look(config, home, tmp_path):
    with pytest.raises(EvalError, match="held out"):
        giving.give(chosen(config, "holdout"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    given = giving.give(chosen(config, "holdout"), tmp_path / "out", give_away=True)
    assert given.tasks
    for path in (tmp_path / "out" / given.tasks[0].task).rglob("*"):
        if path.suffix in (".toml", ".md", ".sh", ".yaml") or path.name == "Dockerfile":
            assert folder.CANARY in path.read_text(), path
    (look,) = HoldoutLedger(config.budget, home).all()
    assert (look.number, look.alpha, look.spends) == (1, 0.025, True)
    again = giving.give(chosen(config, "holdout"), tmp_path / "again", give_away=True)
    assert (again.number, len(HoldoutLedger(config.budget, home).all())) == (1, 1)


def test_what_harbor_wrote_of_a_task_comes_back_as_an_attempt(config, home, tmp_path):
    (one, *_) = giving.give(config, tmp_path / "out").tasks
    reward, _ = judged(tmp_path / "out" / one.task, home, tmp_path, "def f(n):\n    return 0\n")
    trial = tmp_path / "jobs/one"
    (trial / "agent").mkdir(parents=True)
    steps = [{"source": "user", "message": "a"}, {"source": "agent", "message": "A"}]
    agent = {"name": "x", "version": "1"}
    held = {"schema_version": "ATIF-v1.6", "session_id": "s", "agent": agent, "steps": steps}
    (trial / "agent/trajectory.json").write_text(json.dumps(held))
    result = {"task_name": one.task, "trial_name": "one", "verifier_result": {"rewards": reward}}
    (trial / "result.json").write_text(json.dumps(result))
    source = compose(None, ["source=harbor", "skill=recorded"]).source
    (found,) = trajectories.read(trial / "result.json", source)
    assert (found.item.item_id, found.attempt.outcome.passed) == (one.item, False)


def test_names_that_are_no_folders_are_made_into_some():
    ids = ["a/b", "A", "a", "..", ".x", "con.", "x" * 300, "ä", "fine-1.2_3"]
    made = folder.names([WorkItem(one, one, "", "f", one, True, "d", {}) for one in ids])
    assert len({name.lower() for name in made.values()}) == len(ids)
    assert made["fine-1.2_3"] == "fine-1.2_3"
    assert all(name.isascii() and "/" not in name and len(name) <= 120 for name in made.values())


def test_a_folder_that_exists_is_left_alone(config, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").touch()
    with pytest.raises(ConfigError, match="out exists"):
        giving.give(config, tmp_path / "out")
    assert (tmp_path / "out/mine").exists()


def test_an_item_with_large_files_is_refused_and_nothing_is_left(config, tmp_path, monkeypatch):
    monkeypatch.setattr(portable, "MOST_BYTES", 10)
    with pytest.raises(RunError, match="of files, and a task folder takes 10 B"):
        giving.give(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_harbors_own_models_read_a_task(config, tmp_path):
    """With `FORGE_HARBOR_PYTHON`, a Python that has the package `harbor`, which needs 3.12."""
    python = os.environ.get("FORGE_HARBOR_PYTHON")
    if not python:
        pytest.skip("FORGE_HARBOR_PYTHON names no Python that has the package harbor")
    giving.give(chosen(config, Split.HOLDOUT.value), tmp_path / "out", give_away=True)
    done = subprocess.run([python, "-c", READ, tmp_path / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen
    for one in seen:
        assert one["valid"] and one["mode"] == "separate"
        assert one["instruction"].startswith("Solve the task.")  # the mark is not shown


READ = """
import json, pathlib, sys, typing
if not hasattr(typing, "override"):  # Python 3.11 has not, and the models need no more
    import typing_extensions
    typing.override = typing_extensions.override
from harbor.models.task.task import Task
from harbor.models.task.verifier_mode import resolve_task_verifier_mode
found = [path for path in pathlib.Path(sys.argv[1]).iterdir() if path.is_dir()]
tasks = [Task(path) for path in found]
print(json.dumps([
    {"valid": Task.is_valid_dir(path), "mode": resolve_task_verifier_mode(task.config).value,
     "instruction": task.instruction}
    for path, task in zip(found, tasks)
]))
"""
