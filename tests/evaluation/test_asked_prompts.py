"""Which prompts GRPO may ask: those of training items as they are now."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import EnvironmentKind
from harness_forge.core.errors import RunError, TrainError
from harness_forge.core.records import Split, WorkItem
from harness_forge.evaluation.rewards import EnvironmentJudge, train_rewarded

SIDES = {
    "add_2": Split.TRAIN,
    "add_3": Split.VALIDATION,
    "times_2": Split.HOLDOUT,
    "times_3": Split.QUARANTINE,
    "broken": Split.TRAIN,
}


def item(name):
    facts = {"left_out": "passes untouched"} if name == "broken" else {}
    return WorkItem(
        item_id=name, title=name, severity="", family="small", group_key=name,
        full_cycle=name != "broken", digest="d1", facts=facts,
    )  # fmt: skip


@pytest.fixture
def judge():
    config = ForgeConfig()
    config = replace(config, skill=replace(config.skill, name="small"))
    environment = SimpleNamespace(evaluator="command", evaluator_version="1")
    items = [item(name) for name in (*SIDES, "new")]
    return EnvironmentJudge(config, environment, items, SIDES)


def row(name, **more):
    reference = {"item_id": name, "skill": "small", "check_digest": "d1", **more}
    return {"reference": json.dumps(reference)}


def test_training_items_may_be_asked(judge):
    judge.check([row("add_2")], Path("train.jsonl"))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (row("add_3"), "item add_3 is on the validation side, and only training items may be"),
        (row("times_2"), "item times_2 is on the holdout side"),
        (row("times_3"), "item times_3 is on the quarantine side"),
        (row("new"), "item new is on no side"),
        (row("add_9"), "item add_9 is not among the items of small"),
        (row("add_2", check_digest="d0"), "item add_2 was exported with another check than it has"),
        (row("r", skill="stig"), "item r is of skill stig, and small judges here"),
        (row("broken"), "item broken cannot be judged here: passes untouched"),
    ],
)
def test_no_other_item_is_asked(judge, asked, told):
    with pytest.raises(TrainError, match=told):
        judge.check([row("add_2"), asked], Path("train.jsonl"))


def test_a_skill_whose_attempts_were_recorded_elsewhere_has_no_judge():
    config = ForgeConfig()
    with pytest.raises(RunError, match="is recorded: there is no environment"):
        train_rewarded(
            replace(config, skill=replace(config.skill, environment=EnvironmentKind.recorded))
        )
