"""What is composed without Hydra is what Hydra composes, and nothing wrong is composed at all."""

import pytest

from harness_forge.cli.validation import validate
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.plain import PlainComposer

MINE = """\
# Mine. Needs nothing.
# Command: forge compose recipe=mine
defaults:
  - target_a
  - override skill: ubuntu
  - override role: reflector
  - _self_
train:
  epochs: 2
"""


def told(project):
    return [fault.where for fault in validate().faults]


@pytest.mark.parametrize("recipe", ["target_a", "target_b", "tip_preferences", "mine"])
def test_a_recipe_is_what_hydra_makes_of_it(project, recipe):
    (project / "recipes/mine.yaml").write_text(MINE)
    assert PlainComposer().compose(recipe, {}) == compose(recipe)


@pytest.mark.parametrize(
    "choices",
    [
        {"suite": "nightly", "export": "all_kto", "skill": "all", "filters": "kernel"},
        {"role": "all", "format": "dpo", "model": "local", "proxy": "ab", "promote": "b4mad"},
        {"export": "worker_grpo", "+workset@worksets.checked": "train", "serve": "cuda"},
    ],
)
def test_choices_of_groups_are_what_hydra_makes_of_them(project, choices):
    plain = PlainComposer().compose("target_a", choices)
    assert plain == compose("target_a", [f"{key}={name}" for key, name in choices.items()])


def test_every_file_that_ships_is_plain(project, monkeypatch):
    monkeypatch.delenv("FORGE_STORE_URL", raising=False)
    monkeypatch.setattr("harness_forge.config.compose.engine._run_hydra", pytest.fail)
    assert validate().faults == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${train.nowhere}", "train.nowhere"),
        ("${skill.name}", "could not be converted"),
        ("${.nowhere}", "nowhere"),
        ("${filters.length.max_tokens}", "ecursi"),
        ("${oc.env:SECRET}", "may not read SECRET"),
        ("${seed", "${seed"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_its_file(project, value, said):
    (project / "conf/filters/short.yaml").write_text(f"length:\n  max_tokens: {value!r}\n")
    faults = validate().faults
    assert len(faults) == 1
    assert "conf/filters/short.yaml" in faults[0].where or "recipes/" in faults[0].where
    assert said in str(faults[0])


def test_broken_references_in_several_files_are_told_each(project):
    (project / "conf/filters/short.yaml").write_text("length: {max_tokens: '${nowhere.a}'}\n")
    (project / "conf/engine/odd.yaml").write_text("workers: ${nowhere.b}\n")
    (project / "conf/train/odd.yaml").write_text("name: ${nowhere.c}\n")
    recipe = project / "recipes/target_b.yaml"
    recipe.write_text(recipe.read_text() + "data_dir: ${nowhere.d}\n")
    assert sorted(told(project)) == [
        "conf/engine/odd.yaml: engine.workers",
        "conf/filters/short.yaml: filters.length.max_tokens",
        "conf/train/odd.yaml: train.name",
        "recipes/target_b.yaml: data_dir",
    ]


def test_a_role_without_an_export_of_this_format_is_no_fault(project):
    (project / "conf/role/cook.yaml").write_text("name: cook\n")
    assert told(project) == []


def test_a_value_that_its_section_refuses_is_told(project):
    (project / "conf/filters/odd.yaml").write_text("row_too_long: {max_tokens: 0}\n")
    assert told(project) == ["filters.row_too_long.max_tokens"]
