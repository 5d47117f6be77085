"""A slip in a word of any closed set is answered with the word that was probably meant."""

from importlib import import_module

import pytest

from harness_forge import cli
from harness_forge.cli.suggestions import actions
from harness_forge.cli.verbs import VERBS
from harness_forge.config.compose.project import choices
from harness_forge.config.schema import GROUPS


def _actions():
    """Yield every verb with each word that its usage offers."""
    for verb in VERBS:
        usage = import_module(f"harness_forge.cli.{verb}").USAGE
        yield from ((verb, word) for word in actions(usage))


@pytest.mark.parametrize(("verb", "word"), list(_actions()))
def test_an_action(verb, word, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main([verb, f"{word}{word[-1]}", f"forge_home={tmp_path}"]) != 0
    assert f"hint: did you mean '{word}'?" in capsys.readouterr().err


def test_the_actions_of_eight_verbs_are_tried():
    found = {verb for verb, _ in _actions()}
    assert {"env", "store", "labels", "redact", "model", "train", "champion", "workset"} < found


@pytest.mark.parametrize("group", GROUPS)
def test_a_choice_of_a_group(group, capsys):
    name = next(iter(choices(group)))
    assert cli.main(["compose", f"{group}={name}{name[-1]}"]) == 2
    assert "hint: did you mean '" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (
            ["export", "filters.lenght.max_tokens=3"],
            "filters.lenght: unknown key\n  hint: did you mean 'filters.length.max_tokens'?\n",
        ),
        (
            ["export", "format=parqet"],
            "format: there is no 'parqet'\n  hint: did you mean 'format.extension=parquet'? ",
        ),
        (["export", "format=sfft"], "  hint: did you mean 'sft'? known choices: "),
        (["export", "--dryrun"], "  hint: did you mean '--dry-run'? flags: --dry-run, --publish\n"),
        (
            ["doctor", "--jsn"],
            "unknown flag '--jsn'\n  hint: did you mean '--json'? this verb has no flags of its",
        ),
        (["run", "--fresh"], "unknown flag '--fresh'\n  hint: `--help` after the verb has its"),
        (["champion", "lss"], "  hint: did you mean 'ls'? ls, show, diff, check\n"),
        (
            ["serve", "statsu"],
            "there is no action or adapter 'statsu'\n  hint: did you mean 'status'? status, logs,",
        ),
        (["power", "split=holdot"], "run.split: holdot: is no split\n  hint: did you mean 'holdo"),
        (["compose", "train"], "'train' is not key=value\n  hint: train=NAME chooses one: `forge "),
        (["compose", "recipe="], "recipe= names no recipe\n  hint: `forge ls recipe` lists them"),
        (["gold"], "which action of gold?\n  hint: show, approve, reject\n"),
        (["replay", "split=holdot"], "run.split: holdot: is no split\n  hint: did you mean 'hol"),
        # A slip is said before what the machine lacks: no sandbox, no workset, no model is here.
        (
            ["run", "split=holdot"],
            "run.split: holdot: is no split\n  hint: did you mean 'holdout'?",
        ),
        (["evaluate", "split=holdot"], "run.split: holdot: is no split\n  hint: did you mean 'hol"),
        (["run", "run.workers=-1"], "command line: run.workers: must be 0 or more, not -1"),
        (["run", "policy.samples=0"], "policy.samples: must be 1 or more, not 0"),
        (["run", "policy=nearest"], "policy=nearest: a baseline is for evaluations: its copies"),
        (["serve", "serve.port=99999"], "serve.port: must lie between 0 and 65535, not 99999"),
        (["proxy", "proxy.port=99999"], "proxy.port: must lie between 0 and 65535, not 99999"),
    ],
)
def test_says(words, fault, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*words, f"forge_home={tmp_path}"]) != 0
    assert fault in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["rollback", "--reason= "],
        ["rollback", "--to=", "--reason=x"],
        ["approve", "--reason= "],
        ["forget", "run=a", "--reason="],
    ],
)
def test_a_flag_without_its_value(words, capsys):
    assert cli.main(words) == 2
    assert "says nothing\n  hint: write: --" in capsys.readouterr().err


def test_params_that_are_no_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes(b"recipe: \xff\n")
    assert cli.main(["compose"]) == 2
    assert "params.yaml: is not UTF-8 text\n  hint: save it as UTF-8" in capsys.readouterr().err


def test_a_place_that_the_system_refuses(capsys):
    assert cli.main(["init", "/proc/no"]) == 1
    told = "forge: /proc/no: No such file or directory\n  hint: see that its folder is there"
    assert capsys.readouterr().err.startswith(told)


def test_a_slip_in_the_path_of_records_makes_no_store(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["ingest", "path=no.jsonl", "source=trajectories", "forge_home=home"]) != 0
    told = f"forge: no.jsonl: no such file or folder\n  hint: it is looked for in {tmp_path}\n"
    assert capsys.readouterr().err == told
    assert not (tmp_path / "home").exists()
