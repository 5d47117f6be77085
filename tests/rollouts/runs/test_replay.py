"""Replay end to end: real store, real statistics, a world and a model of ours."""

import json
from dataclasses import replace

import pytest
from asked_models import adapter

from harness_forge.cli.replay import render
from harness_forge.config.policy import PolicyConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.core.errors import EvalError, TrainError
from harness_forge.evaluation import replay as replaying
from harness_forge.evaluation import result_files
from harness_forge.evaluation.replay import LABELS
from harness_forge.rollouts import opening
from harness_forge.store.splits.holdout_ledger import HoldoutLedger


@pytest.fixture
def project(replays):
    """The small world whose adapter is replayed."""
    return replays


def test_six_policies_are_compared_on_the_holdout(project):
    done = project()
    metrics = json.loads((project.home / "outputs/replay.json").read_text())
    assert metrics == done.as_dict()
    assert metrics["split"] == "holdout"
    assert list(metrics["policies"]) == list(LABELS)
    assert list(metrics["comparisons"]) == [
        "adapter_vs_base",
        "adapter_vs_few_shot",
        "adapter_vs_nearest",
        "adapter_vs_template",
        "adapter_vs_extractive",
    ]
    for label in ("nearest", "template"):
        assert metrics["policies"][label]["all"]["rate"] == 1.0
        assert metrics["policies"][label]["all"]["tokens_per_attempt"] is None
    against = metrics["comparisons"]["adapter_vs_base"]["all"]
    assert against["only_first"] > against["only_second"]
    assert against["pairs"] == metrics["policies"]["base"]["all"]["items"]
    assert metrics["looks"] == {"coin": {"number": 1, "alpha": 0.025}}


def test_per_item_files_hold_what_was_answered(project):
    done = project()
    for label in LABELS:
        found = result_files.read(project.out / f"{label}.jsonl")
        assert [r.item_id for r in found] == sorted(r.item_id for r in found)
        assert sum(r.passed for r in found) == done.rates[label]["all"].passed
    assert {len(config.model or "") > 0 for config in project.started} == {True}


def test_again_asks_nobody_and_writes_the_same(project):
    project()
    before = (project.home / "outputs/replay.json").read_bytes()
    asked = len(project.started)
    project()
    assert (project.home / "outputs/replay.json").read_bytes() == before
    assert len(project.started) == asked == 3
    assert len(HoldoutLedger().all()) == 6


def test_a_changed_adapter_asks_the_adapter_alone(project):
    project()
    adapter(project.home, "mine", project.digest, weight=0.5)
    done = project()
    assert len(project.started) == 4
    assert project.started[-1].adapter.endswith(done.adapter.digest[:12])
    assert done.levels["coin"].alpha == 0.0125


def test_a_stopped_replay_goes_on_and_leaves_no_finished_file(project, coin):
    coin.fault, coin.at = RuntimeError("boom"), coin.attempts + 20
    with pytest.raises(RuntimeError):
        project()
    assert not (project.home / "outputs/replay.json").exists()
    coin.fault = None
    project()
    assert [look.label.partition("-")[0] for look in HoldoutLedger().all()] == [
        "model:small",
        "model:small+3shot",
        "nearest",
        "template",
        "extractive",
        "model:mine",
    ]


def test_validation_costs_no_look(project):
    done = project(split="validation")
    assert done.levels == {}
    assert list(done.rates["base"]) == ["all"]
    assert HoldoutLedger().all() == []


def test_an_adapter_that_was_trained_on_validation_is_not_judged_there(project):
    adapter(project.home, "mine", project.digest, splits=["train", "validation"])
    with pytest.raises(EvalError, match="was trained on the validation rows too"):
        project(split="validation")
    assert project().rates["adapter"]["all"].items > 0


def test_the_baselines_know_what_the_adapter_was_trained_on(project):
    project()
    before = [look.run_id for look in HoldoutLedger().all()]
    adapter(project.home, "mine", project.digest, weight=0.5, splits=["train", "validation"])
    project()
    new = [look for look in HoldoutLedger().all() if look.run_id not in before]
    assert [look.label.partition("-")[0] for look in new] == [
        "model:small+3shot",
        "nearest",
        "template",
        "model:mine",
    ]


def test_two_skills_are_judged_apart_and_together(project):
    skills = {name: SkillConfig(name=name, host="Example 1") for name in ("coin", "dice")}
    several = replace(project.config, skills=skills, skill=SkillConfig(name="all", host="all"))
    several = replace(several, skill=replace(several.skill, scap=_empty(several)))
    opening.run(replace(project.config, skill=skills["dice"], policy=PolicyConfig()))
    done = project(settings=several)
    base = done.rates["base"]
    assert base["all"].items == base["coin:all"].items + base["dice:all"].items
    assert {r.skill for r in result_files.read(project.out / "adapter.jsonl")} == {"coin", "dice"}
    assert set(done.levels) == {"coin", "dice"}


def _empty(config):
    return replace(config.skill.scap, datastream="", profile="", package="", platform="")


def test_a_missing_adapter_leaves_the_last_result_alone(project):
    project()
    with pytest.raises(TrainError, match="there is no adapter of that name"):
        project("nobody")
    assert (project.home / "outputs/replay.json").exists()


def test_the_table_shows_rates_and_comparisons(project):
    text = render(project())
    assert "look 1 at the coin holdout: significant if p < 0.025" in text
    lines = [line.split() for line in text.splitlines()]
    assert [
        "policy",
        "part",
        "passed",
        "of",
        "rate",
        "interval",
        "tokens",
        "no",
        "verdict",
    ] in lines
    few_shot = [line[1] for line in lines if line[:1] == ["few_shot"]]
    # Of the rates and of the comparisons; all parts together are in replay.json.
    half = len(few_shot) // 2
    assert few_shot[:half] == few_shot[half:]
    assert "new_rule" in few_shot and "all" not in few_shot
    assert replaying.SHOTS == 3
