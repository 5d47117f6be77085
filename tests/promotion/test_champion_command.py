"""`forge champion`, `forge rollback` and `forge promote`, as they are typed."""

import json

import pytest
from champion_steps import SEAT, config_of

from harness_forge import cli


@pytest.fixture
def config(loop):
    return config_of(loop)


@pytest.fixture
def forge(loop, monkeypatch):
    monkeypatch.chdir(loop.root)
    return lambda *words: cli.main([*words, f"forge_home={loop.home}"])


def test_ls_show_and_diff(forge, config, loop, three, capsys):
    assert forge("champion", "ls") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["slot", "target", "version"]
    assert row.split()[:4] == [SEAT, "a", "lamp-worker-1.2.0", f"lamp-worker-{three[2][:12]}"]
    assert forge("champion", "show", SEAT, "1.0.0") == 0
    told = capsys.readouterr().out
    assert told.startswith("lamp-worker-1.0.0  earlier champion\n")
    assert "better " in told
    assert three[0] in told
    assert forge("champion", "show") == 0
    assert capsys.readouterr().out.startswith("lamp-worker-1.2.0  champion\n")
    assert forge("champion", "diff") == 0
    told = capsys.readouterr().out
    assert "lamp-worker-1.1.0" in told
    row = next(row for row in told.splitlines() if row.startswith("replay/new_rule"))
    assert row.split() == ["replay/new_rule", "60.0%", "90.0%", "+30.0"]
    assert forge("champion", "diff", "1.0.0", "1.2.0") == 0
    assert "+60.0" in capsys.readouterr().out
    assert forge("champion", "diff", loop.name, "1.0.0", "8.8.8") == 15
    assert "8.8.8 was never champion there" in capsys.readouterr().err


def test_rollback_to_of_the_command(forge, config, loop, three, capsys):
    assert forge("rollback", SEAT, "--to=1.0.0", "--reason=slow", f"train.name={loop.name}") == 0
    assert f"{loop.name}-{three[0][:12]} is champion again" in capsys.readouterr().out
    assert forge("rollback", SEAT, "--to=", "--reason=slow") == 2


def test_before_anything_was_decided(forge, capsys):
    assert forge("champion", "ls") == 0
    assert "no adapter was decided on yet" in capsys.readouterr().out
    assert forge("champion", "show") == 2
    assert forge("champion", "diff") == 2
    assert forge("champion", "show", "a", "b", "c") == 2


def test_the_terminal_shows_each_condition_whole(forge, capsys):
    assert forge("promote", "--dry-run") == 0
    told = capsys.readouterr().out.splitlines()
    head = next(row for row in told if row.startswith("  condition"))
    assert head.split() == ["condition", "verdict", "value", "threshold", "interval", "measured"]
    pairs = next(row for row in told if row.startswith("  enough_pairs"))
    assert pairs.split()[1:6] == ["holds", "80", "at", "least", "60"]
    assert any(row.startswith("  version: lamp-worker-1.0.0") for row in told)


def test_if_better_asks_for_better_than_base_and_champion_unless_a_rule_is_named(forge, capsys):
    ruled = {}
    for words in (["--if-better"], ["--if-better", "promote=replay_only"], []):
        forge("promote", "--dry-run", "--json", *words)
        ruled[" ".join(words)] = json.loads(capsys.readouterr().out)["rule"]
    assert ruled == {
        "--if-better": "model_lab", "--if-better promote=replay_only": "replay_only", "": "default"
    }  # fmt: skip
