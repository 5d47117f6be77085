"""`forge show`: a recipe with the origin of each value."""

import json

import pytest

from harness_forge.cli import main


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "recipe: target_b\noverrides:\n  - seed=3\n  - store.url=postgresql://a:secret@h/x\n"
    )
    return tmp_path


def test_without_a_name_it_is_what_dvc_would_take(own, capsys):
    assert main(["show", "seed", "store", "recipe"]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert blocks[0].startswith("target_b: ")
    assert [block.split() for block in blocks[1:]] == [
        ["recipe", "target_b", "name"],
        ["seed", "3", "params.yaml:3"],
        ["store.url", "postgresql://a:***@h/x", "params.yaml:4"],
    ]


def test_a_named_recipe_is_shown_as_it_is(own, capsys):
    assert main(["show", "target_a", "train.rank", "seed", "train.rank=3"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    assert ["train.rank", "3", "command", "line"] in lines
    assert ["seed", "20261121", "default", "of", "ForgeConfig"] in lines


def test_defaults_are_counted_and_shown_with_all(own, capsys):
    assert main(["show", "target_a"]) == 0
    short = capsys.readouterr().out
    count = int(short.splitlines()[-1].split()[0])
    assert "default of F" not in short
    assert main(["show", "target_a", "--all"]) == 0
    assert capsys.readouterr().out.count("  default of ") == count > 100


def test_json_has_every_value(own, capsys):
    assert main(["show", "target_a", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["recipe", "file", "values"]
    by_key = {one["key"]: one for one in found["values"]}
    assert by_key["seed"] == {
        "key": "seed", "value": 20261121, "source": "default", "file": "ForgeConfig",
        "line": None, "written": None,
    }  # fmt: skip
    assert isinstance(by_key["attempt.gold.policy"]["line"], int)


@pytest.mark.parametrize(("word", "meant"), [("target_aa", "target_a"), ("trian", "train")])
def test_an_unknown_word_names_the_nearest(own, capsys, word, meant):
    assert main(["show", word]) == 2
    assert f"there is no recipe or key '{word}'\n  hint: did you mean '{meant}'?" in (
        capsys.readouterr().err
    )


def test_a_recipe_with_a_fault_says_it(own, capsys):
    assert main(["show", "target_a", "train.rnak=3"]) == 2
    assert "command line: train.rnak: unknown key" in capsys.readouterr().err
