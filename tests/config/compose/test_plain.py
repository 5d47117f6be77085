"""What is composed without Hydra is what Hydra composes, and nothing wrong is composed at all."""

import pytest

from harness_forge.cli import validation
from harness_forge.cli.validation import validate
from harness_forge.config.compose import engine, plain
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.overrides import prepare
from harness_forge.config.compose.plain import PlainComposer
from harness_forge.config.compose.project import recipes
from harness_forge.config.compose.resolved import resolved_yaml
from harness_forge.core.errors import ConfigError

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


def by_hydra(recipe, overrides=()):
    """Return what Hydra alone composes, as YAML: order counts, `forge compose` prints it."""
    found = engine._run_hydra(engine.recipe_path(recipe), prepare(overrides))
    return resolved_yaml(engine.build(engine.ForgeConfig, found | {"recipe": recipe}))


def by_files(recipe, overrides=()):
    return resolved_yaml(plain.composed(recipe, prepare(overrides)))


@pytest.mark.parametrize("recipe", ["target_b", "tip_preferences", "kernel", "mine"])
def test_a_recipe_is_what_hydra_makes_of_it(project, recipe):
    (project / "recipes/mine.yaml").write_text(MINE)
    assert by_files(recipe) == by_hydra(recipe)


@pytest.mark.parametrize(
    "overrides",
    [
        [
            "format=dpo", "policy=model:x", "policy.temperature=1e-5", "run.items=['1e3',no]",
            "export.require.sure='outcome_confidence > 0.9'", "train.name='a-${skill.name}'",
            "attempt.own.policy=model", "attempt.own.limit=3", "train.seed=null", "run.fresh=true",
            "+workset@worksets.second=train", "store=server", "store.url=postgresql://forge@db/f",
        ],
        [
            "skill=all", "skills.ubuntu.scap.profile=cis", "source=trajectories", "proxy=ab",
            "source.mapping.item={task}", "source.mapping.families={a:b}", "train.learning_rate=1",
            "promote.conditions.enough_pairs.minimum=100", "export.params={a:1}", "seed=7",
            "redaction.kinds={off: true, x: false}", "schedule.command=[a,'b c']", "seed=8",
        ],
    ],
)  # fmt: skip
def test_overrides_are_what_hydra_makes_of_them(overrides):
    assert by_files("target_a", overrides) == by_hydra("target_a", overrides)


@pytest.mark.parametrize(
    "overrides",
    [["~attempt.mutated"], ["skill=stig", "skill=ubuntu"], ["+workset@worksets.train=eval"],
     ["seed=???"], ["train.name='${oc.env:HOME}/x'"], ["role='${skill.name}'"]],
)  # fmt: skip
def test_what_has_more_than_one_reading_is_left_to_hydra(overrides):
    assert plain.composed("target_a", prepare(overrides)) is None


def test_a_file_that_was_changed_is_read_again(project):
    assert compose("target_a").train.epochs == 3
    file = project / "recipes/target_a.yaml"
    file.write_text(file.read_text().replace("epochs: 3", "epochs: 5"))
    assert compose("target_a").train.epochs == 5
    (project / "conf/train/lora.yaml").write_text("rank: many\n")
    with pytest.raises(ConfigError, match=r"lora\.yaml:1: train\.rank: must be a whole number"):
        compose("target_a")


def test_nobody_shares_what_was_composed():
    config = compose("target_a")
    config.attempt.clear()
    config.worksets["train"].variants.clear()
    assert list(compose("target_a").attempt) == ["gold", "mutated"]
    assert compose("target_a").worksets["train"].variants


@pytest.mark.parametrize(
    "choices",
    [
        {"suite": "nightly", "export": "all_kto", "skill": "all", "filters": "kernel"},
        {"role": "all", "format": "dpo", "model": "local", "proxy": "ab", "promote": "b4mad"},
        {"export": "worker_grpo", "+workset@worksets.checked": "train", "serve": "cuda"},
    ],
)
def test_choices_of_groups_are_what_hydra_makes_of_them(project, choices):
    found = resolved_yaml(PlainComposer().compose("target_a", choices))
    assert found == by_hydra("target_a", [f"{key}={name}" for key, name in choices.items()])


def test_every_file_that_ships_is_plain(project, monkeypatch):
    monkeypatch.delenv("FORGE_STORE_URL", raising=False)
    monkeypatch.setattr("harness_forge.config.compose.engine._run_hydra", pytest.fail)
    assert validate().faults == []
    for name in recipes():
        assert compose(name).recipe == name


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
    # This choice alone: all others are composed by the tests around this one.
    faults = list(validation._composition_faults("target_a", ["filters=short"]))
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
