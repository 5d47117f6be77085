"""Which word the ledger has for which situation: one line each."""

from __future__ import annotations

import pytest
from harnesses import ARGUMENTS, answer

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin, Split
from harness_forge.datasets.export import export
from harness_forge.datasets.request import ExportPart, ExportRequest

TEXT = {"role": "assistant", "content": "Nothing is to be done."}
TRAIN = Split.TRAIN
NO_VERDICT = {"passed": False, "infrastructure": True, "failure_mode": "no_verdict"}
FIX = answer(dict.fromkeys(ARGUMENTS, "true"))["tool_calls"][0]
BROKEN = {**FIX, "function": {"name": "apply_fix", "arguments": '{"fix'}}


def calling(*calls) -> dict:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


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
        (TRAIN, NO_VERDICT, "no_verdict"),
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
        ({"response": calling(FIX, FIX), "tool_call": None}, "several_calls"),
        ({"response": calling(BROKEN), "tool_call": None}, "broken_arguments"),
        ({"response": calling({"do": "it"}), "tool_call": None}, "unknown_call_form"),
        # A call that the strict parser refused, such as one that was cut off.
        ({"response": calling(FIX), "tool_call": None}, "no_tool_call"),
        (NO_VERDICT, "no_verdict"),
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


def test_a_reflection_that_was_cut_takes_no_place_of_its_item(harness):
    recipe = compose(None, ["role=reflector", "skill=stig", "format=sft"]).export
    item = harness.item("rule_a")
    harness.attempt(item, "sound")
    said = {"role": "assistant", "content": "REFLECTION:\nPattern: cut"}
    harness.reflected(item, "broken", finish_reason="length", response=said)
    harness.reflected(item, "broken again")
    harness.reflected(item, "broken once more")
    part = ExportPart(harness.skill, "reflector", recipe)
    request = ExportRequest(harness.data_dir, recipe.name, "stig", "reflector", "sft")
    report = export([part], request)
    assert (report.kept, report.rejected) == (1, {"cut_response": 1, "over_limit": 1})


@pytest.mark.parametrize("cut", [False, True])
def test_an_answer_that_was_cut_takes_no_place_of_its_item(harness, cut):
    words = ["role=worker", "skill=stig", "export=worker_rejection_sft"]
    recipe = compose(None, [*words, "export.params.max_per_item=1"]).export
    item = harness.item("rule_a")
    ended = {"finish_reason": "length" if cut else "tool_calls"}
    harness.attempt(item, "first", origin=Origin.MODEL, **ended)
    harness.attempt(item, "second", origin=Origin.MODEL)
    report = harness.export(recipe)
    assert (report.kept, report.rejected) == (1, {"cut_response" if cut else "over_limit": 1})
