"""Rows of a recorded agent, from the store to their lines and the ledger."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from harnesses import TOOL, answer

from harness_forge.core.chat.canonical_choices import ParallelCalls, Reasoning

FIX = answer({"fix_script": "true"})["tool_calls"][0]
TEXT = {"role": "assistant", "content": "Kept.", "reasoning_content": "hm"}


@pytest.fixture
def agent(sft):
    """The worker's recipe, for answers of every kind."""
    return replace(sft, answer=type(sft.answer).message)


def calling(*calls, **more):
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **more}


def test_several_calls_are_one_line_or_a_reason(harness, agent, lines):
    harness.attempt(harness.item("rule_a"), response=calling(FIX, FIX))
    report = harness.export(agent)
    calls = lines(report.path / "train.jsonl")[0]["messages"][-1]["tool_calls"]
    assert [one["function"]["name"] for one in calls] == ["apply_fix", "apply_fix"]
    rejecting = replace(agent, name="one", parallel_calls=ParallelCalls.reject)
    assert harness.export(rejecting, dry_run=True).rejected == {"several_calls": 1}


def test_what_brought_rows_into_the_form_is_counted_in_the_manifest(harness, agent, lines):
    harness.attempt(harness.item("rule_a"), response=TEXT)
    harness.attempt(harness.item("rule_b"), tools=[TOOL, None], response=calling(FIX))
    report = harness.export(agent)
    manifest = json.loads((report.path / "manifest.json").read_text())
    assert manifest["canonical"] == {"padding": 1, "reasoning_left_out": 1}
    told = harness.export(replace(agent, name="thinking", reasoning=Reasoning.learn))
    said = [row["messages"][-1] for row in lines(told.path / "train.jsonl")]
    assert [one.get("reasoning_content") for one in said] == ["hm", None]


def test_malformed_rows_have_their_true_reason(harness, agent):
    asked = [{"role": "user", "content": "fix it"}]
    broken = {**FIX, "function": {"name": "apply_fix", "arguments": '{"fix'}}
    for messages, response in (
        ([*asked, calling(broken), {"role": "tool", "content": "no"}], TEXT),
        ([*asked, {"role": "tool", "content": "no"}], TEXT),
        ([*asked, calling(FIX), *asked], TEXT),
        ([*asked, {"role": "system", "content": "be short"}, *asked], TEXT),
        (asked, TEXT | {"weight": 0}),
    ):
        harness.attempt(harness.item("rule_a"), messages=messages, response=response)
    assert harness.export(agent, dry_run=True).rejected == {
        "broken_arguments": 1,
        "orphan_result": 1,
        "unanswered_call": 1,
        "late_system": 1,
        "not_to_learn": 1,
    }
