"""The stages attempt, watermark and export, of one skill and of several."""

from __future__ import annotations

import json

import pytest

from harness_forge.cli import stages
from harness_forge.config.compose.resolved import write_resolved
from harness_forge.core.records import Split, WorkItem
from harness_forge.rollouts import opening


@pytest.fixture
def stage(store, tmp_path):
    """Run one stage of a recipe on the test's store and return what it wrote."""

    def run(name: str, recipe: str):
        resolved, out = tmp_path / f"{recipe}.yaml", tmp_path / f"{name}.json"
        write_resolved(resolved, recipe, [f"store.url='{store.url}'"])
        getattr(stages, name)(resolved, out)
        return json.loads(out.read_text())

    return run


def test_the_watermark_of_one_skill_is_its_own(store, stage):
    store.upgrade("stig")
    assert stage("watermark", "target_a") == store.skill("stig").watermark()


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
