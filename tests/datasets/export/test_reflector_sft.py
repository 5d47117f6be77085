"""The shipped reflector_sft recipe: which reflections are known to be true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin, Split


@pytest.fixture(scope="module")
def recipe():
    """The shipped recipe; the dataset's name is of no matter here."""
    return compose(None, ["role=reflector"]).export


def exported(harness, recipe, **changes):
    """Export beside one good reflection, so that there is something to train on."""
    params = {**recipe.params, **changes}
    return harness.export(replace(recipe, params=params))


@pytest.fixture
def anchor(harness):
    item = harness.item("anchor")
    harness.attempt(item, "good")
    harness.reflected(item, "bad")


def test_a_reflection_on_a_known_mistake_is_kept_and_marked(harness, anchor, recipe, lines):
    report = exported(harness, recipe)
    (line,) = lines(report.path / "train.jsonl")
    assert (line["source"], line["origin"], line["policy"]) == (
        "stig.turns:3",
        "teacher",
        "mutated",
    )
    assert line["messages"][-1] == {"role": "assistant", "content": "REFLECTION:\nPattern: bad"}
    assert line["tools"] == "[]"
    assert "was not measured" in (report.path / "README.md").read_text()


def test_a_mistake_is_known_only_where_the_unbroken_answer_passes(harness, anchor, recipe):
    item = harness.item("rule_a")
    harness.reflected(item, "bad")
    assert exported(harness, recipe).rejected == {"cause_unknown": 1}
    harness.attempt(item, "good, but not ours", origin=Origin.CONTENT)
    assert exported(harness, recipe).rejected == {"cause_unknown": 1}
    harness.attempt(item, "good")
    assert exported(harness, recipe).rejected == {}


def test_nothing_shows_that_a_models_own_reflection_is_true(harness, anchor, recipe):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.reflected(item, "bad", policy="model:x", origin=Origin.MODEL)
    assert exported(harness, recipe).rejected == {"unproven": 1}


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("infrastructure", {"infrastructure": True}),
        ("not_failed", {"passed": True}),
        ("cut_response", {"finish_reason": "length"}),
        ("no_answer", {"response": {"role": "assistant", "content": " "}}),
    ],
)
def test_other_reflections_are_rejected(harness, anchor, recipe, reason, changes):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.reflected(item, "bad", **changes)
    assert exported(harness, recipe).rejected == {reason: 1}


def test_a_held_out_rule_is_not_reflected_on(harness, anchor, recipe):
    item = harness.item("rule_a", Split.HOLDOUT)
    harness.attempt(item, "good")
    harness.reflected(item, "bad")
    assert exported(harness, recipe).rejected == {"held_out": 1}


def test_few_reflections_of_one_item_are_kept(harness, anchor, recipe):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    for number in range(3):
        harness.reflected(item, f"bad {number}")
    assert exported(harness, recipe).rejected == {"over_limit": 2}
    assert exported(harness, recipe, max_per_item=3).rejected == {}
