"""Own recipes and own files of groups stand beside those that come with forge."""

import pytest

from harness_forge.cli.validation import validate
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.project import choices, group_file, locks_folder, recipes, shown
from harness_forge.config.workset import VariantConfig, WorksetConfig
from harness_forge.core.errors import ConfigError

MINE = """\
# Mine: target_a, trained for a shorter time.
# Needs: nothing. Command: forge compose recipe=mine
defaults:
  - target_a
  - override skill: ubuntu
  - _self_
train:
  epochs: 2
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty project, and the test standing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_an_own_recipe_hides_no_other(here):
    write(here / "recipes/mine.yaml", MINE)
    assert {"mine", "target_a", "target_b"} <= set(recipes())
    assert compose().recipe == "target_a"
    assert compose("target_b").recipe == "target_b"


def test_an_own_recipe_builds_upon_a_shipped_one(here):
    write(here / "recipes/mine.yaml", MINE)
    config = compose("mine")
    assert (config.train.epochs, config.skill.name, config.recipe) == (2, "ubuntu", "mine")
    assert config.attempt == compose().attempt


def test_an_own_file_of_a_group_hides_no_other(here):
    write(here / "conf/filters/short.yaml", "length:\n  max_tokens: 40\n")
    assert set(choices("filters")) > {"short", "default", "none"}
    assert compose(overrides=["filters=short"]).filters.length.max_tokens == 40
    assert compose(overrides=["filters=none"]).filters.length.enabled is False


def test_of_two_files_with_one_name_the_own_one_is_taken(here):
    write(here / "conf/filters/default.yaml", "length:\n  max_tokens: 41\n")
    write(here / "recipes/target_a.yaml", MINE.replace("- target_a", "- target_b"))
    assert shown(recipes()["target_a"]) == "recipes/target_a.yaml"
    assert shown(choices("filters")["default"]) == "conf/filters/default.yaml"
    config = compose()
    assert (config.train.epochs, config.filters.length.max_tokens) == (2, 41)


def test_own_faults_are_told_beside_the_sound_files_that_ship(here):
    write(here / "recipes/mine.yaml", MINE.replace("epochs", "epocs"))
    write(here / "conf/filters/short.yaml", "lenght:\n  max_tokens: 40\n")
    report = validate()
    assert [fault.where for fault in report.faults] == [
        "recipes/mine.yaml:8: train.epocs",
        "conf/filters/short.yaml:1: filters.lenght",
    ]
    assert report.recipes >= 5


def test_a_fault_in_the_recipe_below_is_told_with_its_file(here):
    write(here / "recipes/mine.yaml", MINE)
    write(here / "recipes/target_a.yaml", MINE.replace("- target_a", "- target_b") + "sed: 3\n")
    with pytest.raises(ConfigError, match=r"recipes/target_a.yaml:9: sed: unknown key"):
        compose("mine")


def test_a_recipe_that_builds_upon_none_is_told_what_there_is(here):
    write(here / "recipes/mine.yaml", MINE.replace("- target_a", "- targt_a"))
    with pytest.raises(ConfigError) as caught:
        compose("mine")
    assert str(caught.value) == (
        "recipes/mine.yaml:3: defaults: there is no recipe 'targt_a'\n  hint: did you mean "
        "'target_a'? known recipes: b4mad, base, dark_factory, demo, hardening, kernel, "
        "mine, model_lab, sft_then_dpo, target_a, target_b, tip_preferences"
    )


def test_unknown_names_are_answered_from_both(here):
    write(here / "recipes/mine.yaml", MINE)
    with pytest.raises(ConfigError, match="did you mean 'mine'"):
        compose("mne")


def test_a_template_and_a_lock_are_found_in_both(here):
    write(here / "conf/model/templates/own.jinja", "x")
    write(here / "conf/workset/locks/own.txt", "x")
    assert shown(group_file("model/templates/own.jinja")) == "conf/model/templates/own.jinja"
    assert group_file("model/templates/chatml_hermes.jinja").is_file()
    assert group_file("model/templates/none.jinja") is None
    own = WorksetConfig(variants={"cpu": VariantConfig(lock="own")})
    assert shown(locks_folder(own)) == "conf/workset/locks"
    assert (locks_folder(compose().worksets["train"]) / "train.txt").is_file()


def test_a_slip_in_the_middle_of_a_key_is_answered_with_the_nearest_one(here):
    with pytest.raises(ConfigError, match=r"did you mean 'filters\.length\.max_tokens'"):
        compose(overrides=["filters.lenght.max_tokens=800"])
