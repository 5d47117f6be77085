"""A teacher's picks and verdicts are exported where the evaluator's verdicts bear them out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin


def shipped(role: str):
    return compose(None, [f"role={role}", "skill=stig", "format=sft"]).export


def told(harness, item, agent: str, words: str, **changes) -> None:
    """Record a teacher's attempt with a turn of `agent` about it."""
    number = harness.numbers.get((harness.run(changes.get("policy", "gold")), item.item_id), 0)
    turn = {
        "agent": agent,
        "messages": [{"role": "user", "content": f"{item.item_id} {number} {words}"}],
        "tools": (),
        "response": {"role": "assistant", "content": words},
        "finish_reason": "stop",
    }
    harness.attempt(item, f"{words} {number}", reflector=turn, **changes)


BROKEN = {"policy": "mutated", "origin": Origin.MUTATED, "passed": False}


def test_a_pick_is_known_to_be_right_where_the_unbroken_answer_passes(harness, lines):
    item = harness.item("rule_a")
    told(harness, item, "architect", "PICK: B", **BROKEN)
    recipe = shipped("architect")
    assert harness.export(recipe, dry_run=True).rejected == {"pick_unknown": 1}
    harness.attempt(item, "good", origin=Origin.CONTENT)
    assert harness.export(recipe, dry_run=True).rejected == {"pick_unknown": 1}
    harness.attempt(item, "good")
    (line,) = lines(harness.export(recipe).path / "train.jsonl")
    assert (line["origin"], line["messages"][-1]["content"]) == ("teacher", "PICK: B")


def test_a_pick_of_an_answer_that_failed_to_fail_is_not_known(harness):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    told(harness, item, "architect", "PICK: B", **BROKEN | {"passed": True})
    report = harness.export(shipped("architect"), dry_run=True)
    assert report.rejected == {"pick_unknown": 1}


def test_a_models_pick_is_judged_as_a_plan(harness):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    told(harness, item, "architect", "PICK: A", policy="model:m", origin=Origin.MODEL, passed=False)
    report = harness.export(shipped("architect"), dry_run=True)
    assert report.rejected == {"not_passed": 1}


@pytest.mark.parametrize("passed", [True, False])
def test_one_verdict_of_each_kind_is_kept_of_an_item(harness, passed):
    item = harness.item("rule_a")
    changes = {} if passed else BROKEN
    for _ in range(3):
        told(harness, item, "auditor", f"VERDICT: {'PASS' if passed else 'FAIL'}", **changes)
    recipe = shipped("auditor")
    assert harness.export(recipe, dry_run=True).rejected == {"over_limit": 2}
    more = replace(recipe, params={**recipe.params, "max_per_item": 3})
    assert harness.export(more, dry_run=True).rejected == {}
