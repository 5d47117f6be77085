"""params.yaml: every verb and stage reads it alike, and a slip in it is refused."""

import json

import pytest

from harness_forge import cli

READERS = (
    ["stage", "compose"],
    ["compose"],
    ["show"],
    ["kernel", "model"],
    ["env", "doctor"],
    ["schedule", "next"],
    ["validate"],
)
"""One verb for each way to a project's recipe."""
MEANT = "keys of forge: recipe, overrides"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "params.yaml").write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize("words", READERS)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "recipe: target_a\noverides: [train.epochs=4]\n",
            f"params.yaml:2: overides: unknown key\n  hint: did you mean 'overrides'? {MEANT}",
        ),
        (
            "recipes: mine\n",
            f"params.yaml:1: recipes: unknown key\n  hint: did you mean 'recipe'? {MEANT}",
        ),
        (
            "overrides: [seed=1]\n",
            "params.yaml: recipe: must name a recipe\n  hint: recipe: target_a",
        ),
        (
            "recipe: target_a\n\noverrides: seed=1\n",
            "params.yaml:3: overrides: must be a list of key=value\n"
            "  hint: overrides: [role=worker, run.limit=20]",
        ),
        (
            "recipe: target_a\noverrides: [seed=1\n",
            "params.yaml:2: is not valid YAML: did not find expected ',' or ']'\n"
            "  hint: a list in [ ] or a mapping in { } is not closed, or a comma between two is"
            " missing",
        ),
        (
            "recipe: target_a\nrecipe: mine\n",
            "params.yaml:2: is not valid YAML: found duplicate key recipe\n"
            "  hint: write it once, with all that belongs to it",
        ),
    ],
)
def test_a_slip_is_refused_with_its_line(project, capsys, words, text, told):
    here = project(text)
    assert cli.main(words) == 2
    assert capsys.readouterr().err == f"forge: {told}\n"
    assert not (here / "outputs").exists()


@pytest.mark.parametrize(
    "slip",
    ["Recipe: a", "recpie: a", "reciepe: a", "OVERRIDES: [a=1]", "overwrites: [a=1]", "recipes: ["],
)
def test_slips(project, capsys, slip):
    project(f"{slip}\n")
    assert cli.main(["compose"]) == 2
    assert capsys.readouterr().err.startswith("forge: params.yaml:")


@pytest.mark.parametrize(
    "text",
    [
        "lr: 0.1\n",
        "train: {epochs: 3, repeats: 2}\npipeline: a\n",
        "recipes: [soup, bread]\n",
        "overrides: {lr: 0.1}\n",
        "lr: [\n",
        "- recipe\n",
        "",
    ],
)
def test_a_file_of_another_program_is_left_alone(project, capsys, text):
    project(text)
    assert cli.main(["compose", "--cfg", "recipe"]) == 0
    assert capsys.readouterr().out == "target_a\n"


def test_keys_of_ones_own_are_kept_and_named_once(project, capsys):
    project("recipe: target_a\nseed: 3\nprepare: {split: 0.2}\n")
    assert cli.main(["compose", "--cfg", "recipe"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.main(["stage", "compose", "resolved.yaml"]) == 0
    assert capsys.readouterr().err == (
        "note: params.yaml: forge does not read seed, prepare; its settings stand under"
        " overrides: [seed=1]\n"
    )


@pytest.mark.parametrize("text", ['{"recipe": "target_b", "overrides": []}', '"recipe": target_b'])
def test_another_way_to_write_it_is_read_by_verbs_too(project, capsys, text):
    project(text)
    assert cli.main(["show", "recipe", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "target_b"
    assert cli.main(["compose", "--cfg", "recipe"]) == 0
    assert capsys.readouterr().out == "target_b\n"


def test_a_stage_needs_the_file(project, capsys, tmp_path):
    assert cli.main(["stage", "compose"]) == 2
    told = "forge: params.yaml: is missing\n  hint: run this in a project's folder\n"
    assert capsys.readouterr().err == told
