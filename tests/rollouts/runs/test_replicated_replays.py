"""Several adapters of one recipe are judged in one replay and cost one look."""

import json
from dataclasses import replace

import pytest
from asked_models import adapter

from harness_forge.cli.replay import render
from harness_forge.config.promote import (
    ConditionConfig,
    ConditionKind,
    Opponent,
    PromoteConfig,
)
from harness_forge.core.errors import PromoteError, TrainError
from harness_forge.evaluation import result_files
from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.registry.adapters import replicates
from harness_forge.registry.current import current_adapter
from harness_forge.report.material import Material
from harness_forge.report.sections import recipe
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look

FIRST = "0.25"
"""Key of the first adapter's training."""


@pytest.fixture
def project(replays):
    for number in (2, 3, 4):
        name, facts = replicates.name_of("mine", number), replicates.facts(number, FIRST)
        adapter(replays.home, name, replays.digest, number / 10, **facts)
    replays.three = of(replays.config, 3)
    return replays


def of(config, count):
    return replace(config, train=replace(config.train, replicates=count))


def looks():
    return [look for look in HoldoutLedger().all() if look.candidate]


def decided(project, conditions, name="mine"):
    config = replace(project.config, promote=PromoteConfig(conditions=conditions))
    files = Files.of(project.home / "outputs", current_adapter(config, name).folder)
    return decide(config, files, dry_run=True).facts


def condition(kind, **keys):
    return ConditionConfig(kind=kind, **keys)


def test_all_adapters_are_judged_and_compared_together(project):
    done = project(settings=project.three)
    metrics = json.loads((project.home / "outputs/replay.json").read_text())
    assert metrics == json.loads(json.dumps(done.as_dict()))
    together = metrics["recipe"]
    assert [one["name"] for one in together["adapters"]] == ["mine", "mine-r2", "mine-r3"]
    assert together["replicates"] == 3
    assert set(together["comparisons"]) == set(metrics["policies"]) - {"adapter"}
    versus = together["comparisons"]["base"]["all"]
    single = metrics["comparisons"]["adapter_vs_base"]["all"]
    # The model answers alike whatever the weights are, so the mean is the first one's.
    assert versus["difference"] == single["difference"]
    assert versus["pairs"] == single["pairs"]
    for number in (2, 3):
        found = result_files.read(project.out / f"adapter-{number}.jsonl")
        assert sum(one.passed for one in found) == done.rates["adapter"]["all"].passed
    assert "mine-r3" in render(done)


def test_the_page_shows_all_adapters_or_no_such_section(project):
    done = project(settings=project.three).as_dict()
    shown = recipe.render(Material("t", replay=done))
    assert all(f"mine{end}" in shown for end in ("", "-r2", "-r3"))
    assert "The recipe, by 3 adapters" in shown
    assert recipe.render(Material("t", replay={**done, "recipe": None})) == ""


def test_all_of_them_are_one_look(project):
    project(settings=project.three)
    found = looks()
    assert [(one.number, one.alpha) for one in found] == [(1, 0.025)] * 3
    assert [bool(one.same_as) for one in found] == [False, True, True]
    assert {one.recipe for one in found} == {f"{FIRST}/3"}
    before = HoldoutLedger().state().hashes
    project(settings=project.three)
    assert HoldoutLedger().state().hashes == before


def test_one_adapter_leaves_ledger_and_results_as_they_were(project):
    done = project()
    assert "recipe" not in done.as_dict()
    assert "recipe" not in json.loads(HoldoutLedger().path.read_text().splitlines()[-1])
    assert not (project.out / "adapter-2.jsonl").exists()


def test_replicates_that_were_thought_of_after_a_look_are_another_look(project):
    project()
    project(settings=project.three)
    assert [one.number for one in looks()] == [1, 2, 2]
    project(settings=of(project.config, 4))
    assert [one.number for one in looks()] == [1, 2, 2, 3]


def test_a_scoring_of_the_first_one_is_a_look_before_the_others(project):
    first = current_adapter(project.config, "mine").digest
    seen = project().rates["adapter"]["all"].items
    HoldoutLedger().path.unlink()
    items = [one.item_id for one in result_files.read(project.out / "adapter.jsonl")]
    scored = Look("coin", "m", first, items, "c", "scored", tested=False)
    assert HoldoutLedger().record(scored).number == 1
    project(settings=project.three)
    found = {one.label.rpartition("-")[0]: one for one in looks() if one.tested}
    assert len(items) == seen
    assert (found["model:mine-r2"].number, found["model:mine-r3"].number) == (2, 2)


def test_an_adapter_of_dpo_has_no_replicates(project):
    more = {"parent": {"name": "mine", "digest": "d" * 64}}
    more["dpo"] = {"pairs": 1, "beta": 0.1, "sft_weight": 0.2}
    adapter(project.home, "mine-dpo", project.digest, 0.9, **more)
    with pytest.raises(TrainError, match="was made of another adapter"):
        project("mine-dpo", settings=project.three)


def test_the_rule_speaks_of_all_of_them_or_is_not_clear(project):
    project(settings=project.three)
    one = condition(ConditionKind.rate, part="all", threshold=0.1)
    facts = decided(project, {"one": one})
    assert facts["decision"] == "inconclusive"
    assert facts["conditions"]["speaks_of_all"]["verdict"] == "unclear"
    assert facts["look"] | {"adapters": 3, "number": 1, "alpha": 0.025} == facts["look"]
    both = {"one": one, "all": condition(ConditionKind.recipe, part="all", minimum=3)}
    found = decided(project, both)["conditions"]
    assert "speaks_of_all" not in found
    # Three clusters at most, so three flips: 1/8.
    assert found["all"]["verdict"] == "unclear"
    assert "points in the mean of 3 adapters" in found["all"]["measured"]


def test_a_look_planned_for_three_is_not_tested_again_by_one(project):
    project(settings=project.three)
    project()
    found = decided(project, {"one": condition(ConditionKind.rate, part="all", threshold=0.1)})
    assert found["conditions"]["speaks_of_all"]["measured"].endswith("this look is of 3")


def test_a_recipe_with_one_adapter_judged_is_incomplete(project):
    project()
    facts = decided(project, {"all": condition(ConditionKind.recipe, part="all")})
    assert facts["decision"] == "incomplete"
    assert "replay.json holds one adapter" in facts["why"]


def test_a_later_replicate_is_never_promoted(project):
    project("mine-r2")
    rule = {"one": condition(ConditionKind.rate, part="all", threshold=0.1)}
    facts = decided(project, rule, "mine-r2")
    assert facts["decision"] == "rejected"
    assert facts["conditions"]["first_replicate"]["measured"] == "mine-r2 is number 2 of its recipe"


def test_a_recipe_is_not_held_against_a_champion(project):
    project(settings=project.three)
    rule = {"all": condition(ConditionKind.recipe, against=Opponent.champion)}
    with pytest.raises(PromoteError, match="a champion, which is one adapter"):
        decided(project, rule)


def test_a_missing_replicate_is_named_and_nobody_is_asked(project):
    with pytest.raises(TrainError, match="mine-r5: is missing: number 5 of the recipe"):
        project(settings=of(project.config, 5))
    assert project.started == []


def test_a_later_replicate_is_not_the_recipes_adapter(project):
    with pytest.raises(TrainError, match="is number 2 of its recipe"):
        project("mine-r2", settings=project.three)


def test_adapters_of_another_training_are_no_replicates(project):
    adapter(project.home, "other", project.digest, 0.9)
    with pytest.raises(TrainError, match="other-r2: is missing"):
        project("other", settings=project.three)
