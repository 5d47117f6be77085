"""The stages attempt, watermark and export, of one skill and of several."""

from __future__ import annotations

import json
from datetime import date

import pytest
from whole_adapters import packaged

from harness_forge.cli import stages
from harness_forge.collect.gold import reviews
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.resolved import write_resolved
from harness_forge.core.errors import ConfigError, RunError
from harness_forge.core.records import Split, WorkItem
from harness_forge.evaluation.replay import attempted
from harness_forge.report import metrics
from harness_forge.rollouts import opening


@pytest.fixture
def stage(store, tmp_path):
    """Run one stage of a recipe on the test's store and return what it wrote."""

    def run(name: str, recipe: str, *overrides: str):
        resolved, out = tmp_path / f"{recipe}.yaml", tmp_path / f"{name}.json"
        write_resolved(resolved, recipe, [f"store.url='{store.url}'", *overrides])
        getattr(stages, name)(resolved, out)
        return json.loads(out.read_text())

    return run


def test_the_watermark_of_one_skill_is_its_own(store, stage):
    store.upgrade("stig")
    assert stage("watermark", "target_a") == store.skill("stig").watermark()


def test_the_adapter_that_a_training_starts_from_is_known_by_its_content(stage, tmp_path):
    def start(*overrides: str):
        stage("watermark", "target_a", f"forge_home={tmp_path}/home", *overrides)
        return json.loads((tmp_path / "start.json").read_text())["start"]

    first = packaged(tmp_path / "home", "mine", 0.25)
    assert start() is None
    assert start("train.start=mine") == first.digest
    second = packaged(tmp_path / "home", "mine", 0.5)
    assert start("train.start=mine") == second.digest != first.digest
    assert start("train.start=none_of_that_name") is None


@pytest.mark.parametrize("skill", ["stig", "ubuntu"])
def test_the_watermark_changes_with_the_rows_of_any_skill(store, stage, skill):
    before = stage("watermark", "target_b")
    assert set(before) == {"stig", "ubuntu"}
    assert stage("watermark", "target_b") == before
    item = WorkItem("rule", "Title", "low", "sshd", "group", True)
    store.skill(skill).upsert_items([item])
    store.skill(skill).assign_splits({"group": Split.TRAIN}, "salt")
    after = stage("watermark", "target_b")
    assert {name for name in after if after[name] != before[name]} == {skill}


def test_every_run_is_made_in_every_skill(stage, monkeypatch):
    def run(config):
        made = f"{config.skill.name} {config.policy.kind.value}"
        return {"run_id": made, "passed": 1, "new_items": 3}

    monkeypatch.setattr(opening, "run", run)
    one = stage("attempt", "target_a")
    both = stage("attempt", "target_b")
    assert set(both) == {"stig", "ubuntu"}
    assert both["stig"] == one
    assert both["ubuntu"]["mutated"] == {"run_id": "ubuntu mutated", "passed": 1}


DAY = date(2026, 11, 29)
GOLD = """rows:
  - {id: days, prompt: "How many days has a leap year?", answer: "366"}
  - {id: weeks, prompt: "How many weeks has a year?", answer: "52"}
"""


def test_sources_of_a_recipe_are_taken_in_before_its_runs(store, stage, monkeypatch, tmp_path):
    monkeypatch.setattr(opening, "run", lambda config: {"run_id": config.skill.name})
    gold_file = tmp_path / "gold.yaml"
    gold_file.write_text(GOLD)
    reviews.add(gold_file, ["days"], "approved", "ana", DAY)
    made = stage("attempt", "b4mad", f"sources.gold.path={gold_file}")
    assert made["tool_calls"] == {key: {"run_id": "tool_calls"} for key in ("gold", "mutated")}
    assert made["beads"] == {}  # it has no environment
    [gold] = made["taken_in"].values()  # the other sources have no path
    assert (gold["skill"], gold["passed"], gold["left_out"]) == ("beads", 1, {"not_reviewed": 1})
    assert stage("attempt", "b4mad", f"sources.gold.path={gold_file}") == made
    assert [item.item_id for item in store.skill("beads").items()] == ["days"]
    gold_file.write_text(gold_file.read_text().replace("366", "365"))
    reviews.add(gold_file, ["weeks"], "approved", "ana", DAY)
    [changed] = stage("attempt", "b4mad", f"sources.gold.path={gold_file}")["taken_in"].values()
    assert changed["left_out"] == {"changed_since_review": 1}
    assert [item.item_id for item in store.skill("beads").items()] == ["weeks"]


def test_a_recipe_with_runs_and_no_environment_is_refused(stage):
    with pytest.raises(RunError, match="is recorded: there is no environment"):
        stage("attempt", "target_a", "skill=beads")


def test_sources_need_a_skill_to_go_to(stage, tmp_path):
    (tmp_path / "gold.yaml").write_text(GOLD)
    own = ("+source@sources.gold=gold", f"sources.gold.path={tmp_path}/gold.yaml")
    with pytest.raises(ConfigError, match=r"sources\.gold: has no skill to go to: .* stig"):
        stage("attempt", "target_a", *own)


def test_only_skills_with_an_environment_are_replayed():
    said: list[str] = []
    found = attempted(compose(None, ["skill=b4mad"]), said.append)
    assert [one.skill.name for one in found] == ["tool_calls"]
    assert said == ["beads: nothing to replay, its attempts are recorded"]
    with pytest.raises(RunError, match="is recorded"):
        attempted(compose(None, ["skill=beads"]), said.append)


def test_numbers_of_a_replay_of_nothing_are_none(tmp_path):
    metrics.write("replay", {"nothing": "recorded", "policies": {}}, tmp_path)
    assert json.loads((tmp_path / "metrics/replay.json").read_text()) == {}
