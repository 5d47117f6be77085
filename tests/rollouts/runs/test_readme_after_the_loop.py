"""What README prints after the loop works after the loop, in the order in which it stands there.

The loop's state is small: a world, a model and adapters of ours, and all else as it is.
"""

import re
import shutil
from dataclasses import replace
from importlib import import_module

import documented
import pytest
from asked_models import Parrot, adapter, base_model
from fake_judge import FakeJudge
from loop_files import Loop

from harness_forge.cli import main
from harness_forge.core.records import Origin, TeacherAnswer
from harness_forge.registry.models.folder import find_base_model
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs import actor

NOT_RUN = {
    "forge compare --live": "of a proxy that runs",
    "forge compare RUN RUN": "of two runs by name: run below",
    "forge doctor": "of this machine: tests/report/doctor",
    "forge env check skill=repair": "of commands: tests/rollouts/environments/command",
    "forge env doctor": "of the scanner's packages",
    "forge env new FOLDER": "of a folder with tests: tests/rollouts/environments/command",
    "forge approve --reason=TEXT": "of a candidate that waits: tests/promotion/test_approval.py",
    "forge env setup": "unpacks the scanner",
    "forge evaluate stig-tuning split=validation": "needs the workset eval",
    "forge forget source=NAME --reason=TEXT": "deletes rows: tests/collect/forget",
    "forge generate .": "of a Git repository, tests/collect/generators",
    "forge gold show": "of a file by name: tests/collect/sources/formats/test_gold.py",
    "forge graph push": "of a Bolt server, tests/report/graph",
    "forge graph why …": "of a line or an adapter by name, tests/report/graph",
    "forge health": "ends with 19 where an alert stands: tests/report/health",
    "forge ingest source=tau_bench path=FILE": "test_documented_commands runs it",
    "forge judge RUN": "of a run by name: run below",
    "forge judge RUN RUN": "of two runs by name: run below",
    "forge ls": "takes no settings: tests/cli/test_ls.py",
    "forge ls skill": "takes no settings: tests/cli/test_ls.py",
    "forge model fetch smollm2-135m": "fetches a model",
    "forge prove": "needs the workset train",
    "forge proxy": "serves until it is stopped",
    "forge proxy health": "of a proxy that runs",
    "forge publish DATASET PATH": "after a signature: run below",
    "forge rollback --reason=TEXT": "of a second champion, tests/promotion",
    "forge run policy=model policy.endpoint=URL policy.samples=4 policy.temperature=0.8":
        "needs a server: run below",
    "forge run skill=stig policy=gold": "made this state, and is complete",
    "forge schedule run": "runs until it is stopped",
    "forge schedule run schedule=night": "runs until it is stopped",
    "forge source new FILE": "test_documented_commands runs it",
    "forge stage export": "of dvc.yaml",
    "forge store psql": "waits for a person",
    "forge train": "needs the workset train",
    "forge train --check": "needs the workset train",
    "forge train --plan": "of a base model: tests/training/plan",
    "forge train dpo": "needs the workset train",
    "forge train grpo": "needs the workset train",
    "forge train train.refit=false train.name=stig-tuning train.dataset=data/dataset":
        "needs the workset train; this state has what it makes",
    "forge ui": "serves until it is stopped: tests/cli/test_ui.py",
    "forge validate": "has tests of its own",
}  # fmt: skip
"""Commands of README that are not run here, and why; `serve` and `workset` need gigabytes."""

NAMED = {
    *("forge audit", "forge ingest", "forge ingest --dry-run", "forge rollback", "forge trace"),
}
"""Verbs that its sentences name, without what they are given."""

WORDS = {"DATASET": "data/dataset", "LINE": "train:1", "NAME": "stig-worker"}
DECISIONS = {0, 10, 11, 12}
"""What `forge promote` may end with: each is a result."""


def after_the_loop():
    """Return what README shows from the line after the loop on, each once, in its order."""
    text = (documented.ROOT / "README.md").read_text(encoding="utf-8")
    text = text.partition("What it leaves:")[2]
    places = {}
    for command, page in documented.commands().items():
        shown = re.search(rf"`{re.escape(command)}`|^{re.escape(command)}(?=  |$)", text, re.M)
        if page == "README.md" and shown and command.startswith("forge "):
            places[command] = shown.start()
    others = {*NOT_RUN, *NAMED}
    found = sorted(places, key=lambda command: places[command])
    return [c for c in found if c.split()[1] not in ("serve", "workset") and c not in others]


def test_readme_has_commands_after_the_loop():
    shown = documented.commands()
    assert {"forge export role=worker skill=stig", "forge champion ls"} <= set(after_the_loop())
    assert {*NOT_RUN, *NAMED} - shown.keys() == set()


def fix(item):
    """Return a script that passes, unlike those of other items."""
    colours = ("amber", "blue", "coral", "dun", "ecru", "fawn", "gold", "henna", "indigo", "jade")
    tens, ones = divmod(int(item[1:]), 10)
    return f"echo good > /{colours[ones]}/{colours[tens]} && lamp --{colours[tens]} {item}"


@pytest.fixture
def loop(coin, store, tmp_path, monkeypatch, capsys):
    """A project's folder as `make loop` leaves it; returns what runs a command in it."""
    coin.size, coin.skill = 60, "stig"
    coin.gold = lambda item, fallback=True: [
        TeacherAnswer(Origin.OURS, "w", {"fix_script": fix(item)})
    ]
    surveyed = coin.survey
    coin.survey = lambda progress=None: [
        replace(item, facts={"description": f"Lamp {item.item_id} glows.", "question": ""})
        for item in surveyed(progress)
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(opening, "open_environment", lambda config: coin)
    monkeypatch.setattr(
        actor, "_start_local", lambda config, home: Parrot(config, lambda _: "echo good")
    )
    model = base_model(tmp_path / "small")
    home = tmp_path / "home"
    settings = {
        "store": f"store.url='{store.url}'",
        "forge_home": f"forge_home={home}",
        "model": f"model.path={tmp_path}/small",
        "data_dir": "data_dir=data",
    }

    def forge(command, *more):
        words = documented.shell_words(command)[1:]
        keys = import_module(f"harness_forge.cli.{words[0]}").KEYS
        own = [setting for key, setting in settings.items() if key in keys]
        own += ["model=local"] if "model" in keys else []
        code = main([*(WORDS.get(word, word) for word in words), *own, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    for command in (
        "forge run policy=gold",
        "forge run policy=mutated",
        "forge export role=worker skill=stig export.name=dataset",
    ):
        code, out, err = forge(command)
        assert code == 0, out + err
    digest = find_base_model(model, home).digest
    adapter(home, "stig-tuning", digest, weight=0.5)
    refit = adapter(home, "stig-worker", digest, splits=("train", "validation"))
    shutil.copytree(refit.folder, tmp_path / "outputs/adapters/sft")
    made = Loop(tmp_path, home, refit.name, refit.digest)
    made.prove()
    made.evaluate()
    assert forge("forge replay")[0] == 0
    assert forge("forge promote")[0] in DECISIONS
    return forge


def test_commands_work_in_the_order_of_readme(loop):
    for command in after_the_loop():
        code, _, err = loop(command)
        assert code in (DECISIONS if " promote" in command else {0}), f"{command}: {err}"


def test_what_the_loop_trained_is_refused_on_validation_with_commands_that_work(loop):
    code, _, err = loop("forge run policy=model:stig-worker split=validation purpose=evaluate")
    assert code != 0
    assert "was trained on the validation rows too" in err
    hint = err.partition("hint: ")[2]
    assert "forge train train.refit=false train.name=stig-worker" in hint


@pytest.fixture
def runs(loop, store):
    """Two runs over the same items, by id: forge's own fixes, and those fixes broken."""
    with store.skill("stig").connect_read_only() as connection:
        found = connection.execute("SELECT policy, id FROM stig.runs").fetchall()
    ids = dict(found)
    return ids["gold"], ids["mutated"]


def test_two_runs_are_compared_and_judged_by_name(loop, runs):
    judge = FakeJudge()
    given = f"judge.endpoint={judge.url}"
    try:
        assert loop("forge compare RUN RUN".replace("RUN RUN", " ".join(runs)))[0] == 0
        code, out, err = loop(f"forge judge {runs[0]}", given)
        assert (code, "scored" in out or "judged" in out) == (0, True), err
        code, out, err = loop(f"forge judge {' '.join(runs)}", given)
        assert (code, "first against second" in out) == (0, True), err
    finally:
        judge.close()
    assert judge.asked


def test_a_servers_model_attempts_the_training_items(loop):
    server = FakeJudge()
    command = "forge run policy=model policy.endpoint=URL policy.samples=4 policy.temperature=0.8"
    try:
        code, out, err = loop(command.replace("URL", server.url))
    finally:
        server.close()
    assert (code, "complete" in out) == (0, True), err
    assert len(server.asked) > 4


def test_what_is_signed_may_leave(loop, tmp_path):
    assert loop("forge publish data/dataset out")[0] != 0
    assert loop("forge redact review data/dataset --sign")[0] == 0
    code, _, err = loop("forge publish data/dataset out")
    assert (code, (tmp_path / "out/train.jsonl").is_file()) == (0, True), err


def test_the_table_of_a_skill_without_gold_says_what_is_missing(loop, store, capsys):
    code, out, err = loop("forge env table skill=ubuntu")
    assert code == 0
    assert "| all" in out
    assert err == (
        "env table: no fix of ubuntu was tried yet, so that ours and content are 0\n"
        "  hint: forge run skill=ubuntu policy=gold\n"
    )
    assert loop("forge env table")[2] == ""
