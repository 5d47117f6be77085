"""Each value of a composition is traced to the file, line or word that set it."""

from pathlib import Path

import pytest

from harness_forge.config.compose import origins
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.origins import ON_COMMAND_LINE, ValueOrigin
from harness_forge.config.compose.resolved import section_of

RECIPE = """\
# Mine. Needs nothing.
# forge compose recipe=mine
defaults:
  - target_a
  - override train: own
  - _self_
seed: 7
train:
  alpha: ${seed}
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/mine.yaml").write_text(RECIPE)
    (tmp_path / "conf/train").mkdir(parents=True)
    (tmp_path / "conf/train/own.yaml").write_text("defaults: [lora]\nrank: 4\nalpha: 5\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def traced(given=()):
    return {one.key: one for one in origins.values("mine", list(given))}


def test_names_file_and_line_of_a_recipe_a_group_and_what_they_build_upon(own):
    found = traced()
    assert str(found["seed"].origin) == "recipes/mine.yaml:7"
    assert str(found["train.rank"].origin) == "conf/train/own.yaml:2"
    assert found["train.alpha"].origin == ValueOrigin("recipe", "recipes/mine.yaml", 9, "${seed}")
    assert found["train.alpha"].value == 7
    policy = found["policy.kind"].origin
    assert (policy.source, Path(policy.file).name) == ("group", "gold.yaml")
    line = Path(policy.file).read_text().splitlines()[policy.line - 1]
    assert line.startswith("kind: gold")
    assert str(found["run.fresh"].origin) == "default of RunConfig"
    assert found["recipe"].origin.source == "name"


def test_what_is_given_later_wins(own):
    params = ValueOrigin("params", "params.yaml", 3)
    given = [("seed=1", params), ("train.rank=9", params), ("train.rank=8", ON_COMMAND_LINE)]
    found = traced(given)
    assert (found["seed"].value, str(found["seed"].origin)) == (1, "params.yaml:3")
    assert (found["train.rank"].value, found["train.rank"].origin) == (8, ON_COMMAND_LINE)


def test_a_choice_on_the_command_line_leads_to_its_file(own):
    found = traced([("policy=model:stig-worker", ON_COMMAND_LINE)])
    assert Path(found["policy.kind"].origin.file).name == "model.yaml"
    assert found["policy.adapter"].origin == ON_COMMAND_LINE


def test_every_value_of_the_composition_is_there_as_composed(own):
    found = traced()
    config = section_of(compose("mine"))
    assert {key.split(".")[0] for key in found} == set(config)
    assert found["filters.length.max_tokens"].value == config["filters"]["length"]["max_tokens"]
    assert [one for one in found.values() if one.origin.source not in SOURCES] == []


SOURCES = (origins.RECIPE, origins.GROUP, origins.DEFAULT, origins.NAME)
