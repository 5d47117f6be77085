"""Which word the ledger has for which situation: one line each."""

from __future__ import annotations

import pytest

from harness_forge.compose import compose
from harness_forge.records import Origin, Split

TEXT = {"role": "assistant", "content": "Nothing is to be done."}
TRAIN = Split.TRAIN


def word(harness, recipe, split, changes) -> str | None:
    """Return why the row is rejected; None where it is kept."""
    anchor = {"agent": changes["agent"]} if "agent" in changes else {}
    harness.attempt(harness.item("anchor"), "anchor", **anchor)
    harness.attempt(harness.item("rule_a", split), "tried", **changes)
    report = harness.export(recipe)
    assert report.read == 2
    return next(iter(report.rejected), None)


@pytest.mark.parametrize(
    ("split", "changes", "expected"),
    [
        (TRAIN, {}, None),
        (TRAIN, {"response": TEXT, "tool_call": None}, None),
        (TRAIN, {"response": {}, "tool_call": None}, "no_answer"),
        (TRAIN, {"passed": False}, "not_passed"),
        (TRAIN, {"passed": False, "infrastructure": True}, "infrastructure"),
        (TRAIN, {"finish_reason": "length"}, "cut_response"),
        (TRAIN, {"messages": []}, "no_prompt"),
        (None, {}, "no_split"),
        (Split.HOLDOUT, {}, "held_out"),
        (Split.QUARANTINE, {}, "quarantined"),
    ],
)
def test_rows_of_recorded_agents(harness, split, changes, expected):
    recipe = compose(None, ["role=agent", "skill=stig", "format=sft"]).export
    assert word(harness, recipe, split, {"agent": "agent", **changes}) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"response": TEXT, "tool_call": None}, "no_tool_call"),
        ({"origin": Origin.CONTENT}, "content_fallback"),
        ({"origin": Origin.MUTATED}, "broken_on_purpose"),
        ({"passed": False, "origin": Origin.MUTATED}, "not_passed"),
        ({"passed": False, "infrastructure": True, "finish_reason": "length"}, "infrastructure"),
    ],
)
def test_rows_of_the_worker(harness, sft, changes, expected):
    assert word(harness, sft, TRAIN, changes) == expected


def test_rows_of_evaluations_are_not_read(harness, sft):
    harness.attempt(harness.item("anchor"), "anchor")
    harness.attempt(harness.item("rule_a"), "tried", purpose="evaluate")
    assert harness.export(sft).read == 1
