"""Faults inside YAML files: file, line and key."""

import pytest

from harness_forge.cli.validation import validate
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ConfigError

RECIPE, BASE = "recipes/target_a.yaml", "recipes/base.yaml"
HEAD = "# Mine. Needs: nothing. Command: forge compose\n"
KEY_HINT = "known keys: purpose, workers, fresh, limit, items, split"


def append(path, text):
    lines = path.read_text().count("\n")
    path.write_text(path.read_text() + text)
    return lines + 1


def fault(**arguments):
    with pytest.raises(ConfigError) as caught:
        compose(**arguments)
    return str(caught.value)


def test_a_wrong_key_in_a_recipe_names_the_line(project):
    line = append(project / RECIPE, "run:\n  limt: 3\n")
    assert fault() == (
        f"{RECIPE}:{line + 1}: run.limt: unknown key\n  hint: did you mean 'limit'? {KEY_HINT}"
    )


def test_a_wrong_type_in_a_group_names_its_file(project):
    line = append(project / "conf/policy/gold.yaml", "samples: several\n")
    assert fault() == (
        f"conf/policy/gold.yaml:{line}: policy.samples: must be a whole number, not 'several'"
    )


def test_a_group_that_is_not_chosen_is_not_in_the_way(project):
    append(project / "conf/policy/model.yaml", "sampels: 3\n")
    assert compose().policy.samples == 1
    assert "did you mean 'samples'" in fault(overrides=["policy=model"])


def test_an_unknown_choice_in_a_recipe(project):
    path = project / BASE
    path.write_text(path.read_text().replace("- skill: stig", "- skill: stgi"))
    line = path.read_text().splitlines().index("  - skill: stgi") + 1
    assert fault() == (
        f"{BASE}:{line}: skill: there is no 'stgi'\n"
        "  hint: did you mean 'stig'? known choices: all, b4mad, beads, cis, codebase, demo, "
        "four, gemma_cve, gemma_stig, hardening, reasoning, recorded, reflexion, repair, settings, "
        "stig, tau_bench, tool_calls, ubuntu, ubuntu_cis"
    )


def test_an_unknown_group_in_a_recipe(project):
    path = project / BASE
    path.write_text(path.read_text().replace("- skill: stig", "- skil: stig"))
    assert "defaults.skil: unknown group\n  hint: did you mean 'skill'?" in fault()


def test_a_role_without_an_export_says_what_names_it(project):
    (project / "conf/role/cook.yaml").write_text("name: cook\n")
    assert fault(overrides=["role=cook"]).startswith(
        f"{RECIPE}: export: there is no 'cook_sft'\n  hint: role and format together name it; "
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\n", "is not valid YAML"),
        ("name: a\nname: b\n", "is not valid YAML: found duplicate key name"),
        ("- a\n", "must hold a mapping of keys"),
    ],
)
def test_broken_yaml_names_the_file(project, text, told):
    (project / "conf/role/worker.yaml").write_text(text)
    assert fault().startswith("conf/role/worker.yaml")
    assert told in fault()


def test_a_recipe_that_does_not_exist(project):
    assert fault(recipe="targt_a") == (
        "recipe: there is no 'targt_a'\n"
        "  hint: did you mean 'target_a'? known recipes: "
        "b4mad, base, dark_factory, demo, hardening, kernel, model_lab, sft_then_dpo, "
        "target_a, target_b, tip_preferences"
    )


def test_a_value_left_open_must_be_set(project):
    path = project / "conf/skill/stig.yaml"
    path.write_text(path.read_text().replace("  profile: stig\n", ""))
    assert fault() == (
        "conf/skill/stig.yaml: skill.scap.profile: must be set\n"
        "  hint: add skill.scap.profile=… to the command line or to the recipe"
    )


def test_what_ships_is_sound(project, monkeypatch):
    monkeypatch.delenv("FORGE_STORE_URL", raising=False)
    report = validate()
    assert report.faults == []
    assert report.recipes >= 1
    assert report.choices >= 12


def test_validate_reports_every_fault_at_once(project):
    append(project / RECIPE, "sed: 3\nrun:\n  limit: x\n")
    append(project / "conf/policy/model.yaml", "sampels: 3\n")
    append(project / "conf/workset/train.yaml", "pinns: 3\n")
    places = {fault.where.split(": ")[-1] for fault in validate().faults}
    assert places == {"sed", "run.limit", "policy.sampels", "workset.pinns"}


def test_a_recipe_opens_with_purpose_needs_and_command(project):
    path = project / RECIPE
    path.write_text("defaults:" + path.read_text().partition("defaults:")[2])
    assert [str(fault).splitlines()[0] for fault in validate().faults] == [
        f"{RECIPE}:1: a recipe opens with a comment: purpose, needs, command"
    ]


def test_a_recipe_without_its_schema_is_refused(project):
    path = project / BASE
    path.write_text(path.read_text().replace("  - schema\n", ""))
    told = f"{BASE}:8: defaults: name no recipe to build upon"
    assert any(str(fault).startswith(told) for fault in validate().faults)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("# Mine.\ntrain:\n  epochs: 2\n", "1: defaults: are missing"),
        ("# Mine.\n", "1: defaults: are missing"),
        ("# Mine.\ndefaults:\n- override skill: ubuntu\n", "2: defaults: name no recipe to build"),
        (HEAD + "defaults: target_a\n", "2: defaults: must be a list"),
        ("# Mine.\ndefaults: [bare, _self_]\n", " defaults: build bare upon bare"),
    ],
)
def test_a_recipe_that_builds_upon_nothing_is_refused_at_once(project, text, what):
    (project / "recipes" / "bare.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        compose("bare")
    assert str(caught.value).startswith(f"recipes/bare.yaml:{what}")
    assert "`defaults:" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "defaults:\n- target_a\n- overide skill: demo\n",
            ":4: defaults.overide skill: unknown word 'overide'\n"
            "  hint: write: - override skill: demo",
        ),
        (
            "defaults:\n- target_a\n- skill: demo\n- _self_\n",
            ": defaults.skill: a recipe that it builds upon has chosen a skill already\n"
            "  hint: write: - override skill: demo",
        ),
        (
            "defaults:\n- _self_\n- target_a\ntrain:\n  epochs: 2\n",
            ":3: defaults: `_self_` stands before others, whose keys would replace those of this "
            "file\n  hint: put `_self_` last, or leave it out",
        ),
        (
            "defaults: [target_a]\ntrain:\n\tepochs: 2\n",
            ":4: is not valid YAML: found character that cannot start any token\n"
            "  hint: the line holds a tab: indent with spaces",
        ),
    ],
)
def test_slips_in_a_recipe_of_ones_own_are_told_with_their_remedy(project, text, told):
    (project / "recipes" / "slip.yaml").write_text(HEAD + text)
    assert fault(recipe="slip") == f"recipes/slip.yaml{told}"


def test_without_self_a_recipe_comes_after_what_it_builds_upon(project):
    (project / "recipes" / "plain.yaml").write_text("defaults: [target_a]\nseed: 7\n")
    assert compose("plain").seed == 7


def test_outside_a_project_the_shipped_recipes_are_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert compose().recipe == "target_a"
