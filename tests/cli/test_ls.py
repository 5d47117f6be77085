"""`forge ls`: what recipes and groups there are, and which are one's own."""

import json

import pytest

from harness_forge.cli import main
from harness_forge.cli.ls import render_kinds
from harness_forge.config.compose import project
from harness_forge.config.schema import GROUPS


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/quince.yaml").write_text(
        "# Quince: jam of two\n# harvests. Not for cakes.\ndefaults: [base]\n"
    )
    (tmp_path / "conf/filters").mkdir(parents=True)
    (tmp_path / "conf/filters/sieve.yaml").write_text("defaults: [default]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_lists_own_recipes_beside_those_of_forge(own, capsys):
    assert main(["ls", "recipe"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "recipe="
    assert [line.split() for line in lines if "quince" in line] == [
        ["*", "quince", "Quince:", "jam", "of", "two", "harvests."]
    ]
    assert any(line.startswith("  target_a ") for line in lines)


def test_json_has_every_group_and_every_choice(own, capsys):
    assert main(["ls", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["recipe", *GROUPS]
    for group in GROUPS:
        assert [one["name"] for one in found[group]] == list(project.choices(group))
    (sieve,) = [one for one in found["filters"] if one["own"]]
    file = str(own / "conf/filters/sieve.yaml")
    assert sieve == {"name": "sieve", "says": "", "file": file, "own": True}


def test_what_forge_ships_is_not_ones_own(capsys):
    assert main(["ls", "recipe", "skill", "--json"]) == 0
    assert not any(
        one["own"] for group in json.loads(capsys.readouterr().out).values() for one in group
    )


def test_an_unknown_group_names_the_nearest(capsys):
    assert main(["ls", "skil"]) == 2
    assert capsys.readouterr().err.startswith(
        "forge: command line: there is no group 'skil'\n  hint: did you mean 'skill'?"
    )


def test_kinds_stand_alone(capsys):
    assert main(["ls", "kinds", "skill"]) == 2
    assert "kinds stands alone" in capsys.readouterr().err


KIND = {"kind": "sshd", "skill": "stig", "items": 3, "learnt": 0, "base_tries": 4}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            {"base_passes": 2, "base_items": 1, "silent": True},
            "base passes in 1 of them: forge",
        ),
        ({"base_passes": 0, "base_items": 0, "silent": True}, "base passes in 0 of them"),
        ({"base_passes": 2, "base_items": 1, "silent": False}, "none of 1 kinds is silent"),
        ({"base_tries": 0, "base_passes": 0, "silent": True}, "policy=model:base"),
    ],
)
def test_kinds_say_where_the_corpus_is_silent_and_what_to_do(kind, told):
    text = render_kinds([{**KIND, "base_items": 0, **kind}], "base")
    assert told in text.splitlines()[-1]
    assert text.splitlines()[1].split()[:2] == ["sshd", "stig"]
    assert ("silent" in text.splitlines()[1]) is kind["silent"]
