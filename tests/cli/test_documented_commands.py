"""Every command that README, docs or `--help` shows is run, or composed and named here."""

import json
import re

import documented
import pytest

from harness_forge.cli import main

COMMANDS = documented.commands()

ONLY_COMPOSED = {
    "adapter": "needs a trained adapter", "approve": "needs a trained adapter",
    "audit": "of the dataset of a trained loop", "champion": "needs a trained adapter",
    "compare": "of runs by name", "env": "needs the scanner", "evaluate": "needs a workset",
    "judge": "needs a model server", "kernel": "tests/cli/test_kernel.py runs it",
    "model": "fetches a model", "power": "needs a survey",
    "promote": "needs a trained adapter", "prove": "needs a trained adapter",
    "proxy": "serves until it is stopped", "publish": "needs a signed review",
    "redact": "of the dataset of a trained loop", "replay": "needs a trained adapter",
    "report": "of a trained loop", "schedule": "runs the loop, or writes units",
    "rollback": "needs a trained adapter",
    "run": "needs the scanner", "serve": "needs a GPU or a workset", "stage": "is for dvc",
    "graph": "needs a Bolt server and records", "health": "tests/report/health runs them",
    "doctor": "tests/report/doctor runs them",
    "store": "of the user's own store", "trace": "of the dataset of a trained loop",
    "train": "needs a workset", "validate": "has tests of its own",
    "ui": "serves until it is stopped",
    "workset": "installs gigabytes", "compose": "is what this test does",
    "init": "has tests of its own", "ls": "has tests of its own", "show": "has tests of its own",
    "completion": "has tests of its own",
    "generate": "of a repository, which an installed package is not",
    "export": "of rows that the loop makes", "labels": "of rows that the loop makes",
    "forget": "deletes rows: tests/collect/forget",
    "gold": "of files that are not here",
    "ingest": "of files or a database that are not here", "source": "of files that are not here",
}  # fmt: skip
"""Verbs of commands that are composed and not run, and why; RUN names the exceptions."""

FORMS = {
    "forge ingest source=NAME path=FILE|FOLDER|URL [skill=NAME]",
    "forge ingest --dry-run source=NAME path=FILE",
    "forge forget source=NAME --reason=TEXT",
    "forge forget run=20261121-093011-4c1a --reason='a poisoned prompt'",
    "forge forget item=support:ticket-1833 --reason='the customer asked for it'",
    "forge run recipe=tip_preferences policy.reflect=true policy.samples=4"
    " policy.temperature=0.8 seed=1,2,3,… -m",
}
"""What shows a form, with names to be filled in that no config takes."""

OTHERS = {
    "dvc repro", "dvc repro --downstream STAGE", "dvc repro --force attempt", "dvc exp run",
    "dvc exp run -S recipe=target_b",
    "dvc exp run -S 'overrides=[\"train.epochs=4\"]'", "dvc metrics diff", "dvc plots diff",
    "dvc metrics show", "dvc plots show", "dvc exp run --dry", "dvc repro compose && dvc status",
    "dvc dag", "dvc gc -w", "cd my-project",
}  # fmt: skip
"""Commands of DVC: hours of the loop; tests/cli/test_stages.py reads dvc.yaml."""

RUN = (
    "forge source new runs.jsonl",
    "forge ingest source=trajectories path=mine.jsonl.gz skill=recorded skill.name=mine"
    " source.mapping.item='{task}' source.mapping.messages='{chat}'"
    " source.mapping.outcome='{reward}'",
    "forge ingest source=trajectories path=mine.jsonl source.mapping.item='{task}'"
    " source.mapping.messages='{chat}' source.mapping.outcome='{reward}'",
    "forge ingest source=tau_bench path=gpt-4o-airline.json",
    "forge ingest source=openai_traffic path=traffic.jsonl.gz skill=recorded skill.name=support",
    "forge export role=agent skill=tau_bench",
    "forge store status",
    "forge labels checks",
    "forge redact kinds",
    "forge model ls",
    "forge workset ls",
)
"""What is run on files of ours, in this order."""


def overrides(command):
    words = documented.shell_words(command)[2:]
    return tuple(word for word in words if "=" in word and not word.startswith("-"))


def test_commands_were_found_everywhere():
    places = set(COMMANDS.values())
    assert {"README.md", "docs/sources.md", "docs/proxy.md", "forge ingest --help"} <= places
    assert len(COMMANDS) > 200
    assert set(RUN) <= COMMANDS.keys()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_is_known_to_be_run_or_composed(command):
    program, verb, *_ = documented.shell_words(command)
    if program == "forge":
        assert verb in ONLY_COMPOSED, f"{COMMANDS[command]}: no test knows {command!r}"
    elif program == "make":
        makefile = (documented.ROOT / "Makefile").read_text()
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE)
    else:
        assert command in OTHERS


# Its skill is made by its own commands, which test_tutorial.py runs.
TUTORIAL = "docs/tutorial-command.md"
SETS = {
    overrides(one): one
    for one, place in COMMANDS.items()
    if one.startswith("forge ") and one not in FORMS and place != TUTORIAL
}


@pytest.mark.parametrize("words", sorted(filter(None, SETS)), ids=" ".join)
def test_what_a_command_sets_can_be_set(words, capsys):
    command = documented.shell_words(SETS[words])
    sweep = ["-m"] if "-m" in command else []
    code = main([command[1], *words, *sweep, "--cfg", "seed"])
    assert code == 0, f"{COMMANDS[SETS[words]]}: {capsys.readouterr().err}"


def test_commands_do_what_they_are_shown_for(store, tmp_path, monkeypatch, capsys):
    import gzip

    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(record) + "\n" for record in map(trajectory, range(30)))
    (tmp_path / "mine.jsonl").write_text(lines)
    (tmp_path / "runs.jsonl").write_text(lines)
    (tmp_path / "mine.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "traffic.jsonl.gz").write_bytes(gzip.compress(json.dumps(TRAFFIC).encode()))
    tau = [
        {"task_id": n, "trial": 0, "reward": 1.0, "traj": trajectory(n)["chat"]} for n in range(30)
    ]
    (tmp_path / "gpt-4o-airline.json").write_text(json.dumps(tau))
    own = [f"store.url='{store.url}'", f"forge_home={tmp_path}", f"data_dir={tmp_path}/data"]
    for command in RUN:
        words = documented.shell_words(command)[1:]
        code = main([*words, *(own if words[0] != "source" else ())])
        said = capsys.readouterr()
        assert code == 0, f"{command}: {said.err}"
        if " ingest " in command:
            assert " attempts added" in said.out
            assert " 0 attempts added" not in said.out
    assert (tmp_path / "data" / "tau_bench_agent_sft" / "train.jsonl").read_text()


def trajectory(number):
    plants = ("amber", "birch", "cedar", "dahlia", "elm", "fern")
    plant = f"{plants[number % 6]} {number}"
    asked = f"Which drawer holds the {plant} seeds, and who sowed row {number * 7} of bed {number}?"
    answer = f"Drawer {number}; the gardener of bed {number} sowed {plant} there."
    chat = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return {"task": f"{plant}", "reward": 1, "chat": chat}


TRAFFIC = {
    "request": {"model": "m", "messages": [{"role": "user", "content": "Where is the oak?"}]},
    "response": {
        "choices": [{"message": {"content": "Behind the barn."}, "finish_reason": "stop"}]
    },
}
