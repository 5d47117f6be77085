"""Plans and verdicts are learned from where what happened bore them out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin


def shipped(role: str):
    return compose(None, [f"role={role}", "skill=stig", "format=sft"]).export


def said(harness, item, agent: str, words: str | list, **changes) -> None:
    """Record an attempt of a model, with one more turn of `agent`."""
    turn = {
        "agent": agent,
        "messages": [{"role": "user", "content": f"Rule: {item.item_id}. {str(words)[:20]}"}],
        "tools": (),
        "response": {"role": "assistant", "content": words},
        "finish_reason": "stop",
    }
    settings = {"policy": "model:m", "origin": Origin.MODEL} | changes
    harness.attempt(item, str(words), reflector=turn, **settings)


def test_requests_of_the_architect_are_no_tries(harness):
    item = harness.item("rule_a")
    for number in range(11):  # as recorded traffic has them: an attempt each
        words = {"role": "assistant", "content": f"VERDICT: ESCALATE {number}"}
        alone = {"agent": "architect", "response": words, "tool_call": None}
        changes = {"passed": False, "policy": "model:m", "origin": Origin.MODEL}
        harness.attempt(item, prompt=f"again {number}", **alone, **changes)
    report = harness.export(shipped("architect"), dry_run=True)
    assert report.rejected == {"not_hopeless": 11}


def test_a_verdict_in_parts_is_no_plan(harness):
    words = [{"type": "text", "text": "VERDICT: PIVOT"}]
    said(harness, harness.item("rule_a"), "architect", words)
    report = harness.export(shipped("architect"), dry_run=True)
    assert report.rejected == {"not_borne_out": 1}


def contents(path, lines) -> list[str]:
    return [line["messages"][-1]["content"] for line in lines(path / "train.jsonl")]


def test_a_plan_is_kept_where_its_attempt_passed(harness, lines):
    item = harness.item("rule_a")
    said(harness, item, "architect", "Take rule_a: edit the file.")
    said(harness, item, "architect", "Take rule_a: pray.", passed=False)
    report = harness.export(shipped("architect"))
    assert contents(report.path, lines) == ["Take rule_a: edit the file."]
    assert report.rejected == {"not_passed": 1}


def test_a_verdict_to_go_on_is_borne_out_by_a_later_pass(harness, lines):
    item, other = harness.item("rule_a"), harness.item("rule_b")
    said(harness, item, "architect", "VERDICT: PIVOT\nNEW_PLAN: other file", passed=False)
    harness.attempt(item, "at last", policy="model:m", origin=Origin.MODEL)
    said(harness, other, "architect", "VERDICT: CONTINUE", passed=False)
    report = harness.export(shipped("architect"))
    assert contents(report.path, lines) == ["VERDICT: PIVOT\nNEW_PLAN: other file"]
    assert report.rejected == {"not_borne_out": 1}


def test_giving_up_is_right_only_where_many_tries_all_failed(harness):
    item = harness.item("rule_a")
    said(harness, item, "architect", "reasons\n**VERDICT:** ESCALATE", passed=False)
    for number in range(8):
        harness.attempt(item, f"{number}", passed=False, policy="model:m", origin=Origin.MODEL)
    recipe = shipped("architect")
    assert harness.export(recipe, dry_run=True).rejected == {"not_hopeless": 1}
    fewer = replace(recipe, params={**recipe.params, "hopeless_after": 9})
    assert harness.export(fewer).kept == 1


@pytest.mark.parametrize(
    ("words", "passed", "reason"),
    [
        ("VERDICT: PASS, all is well", True, None),
        ('{"verdict": "fail"}', False, None),
        ([{"type": "text", "text": "VERDICT: "}, {"type": "text", "text": "PASS"}], True, None),
        ("<think>a verdict: fail?</think>VERDICT: PASS", True, None),
        ("VERDICT: PASS", False, "verdict_wrong"),
        ("Verdict: FAIL", True, "verdict_wrong"),
        ("It looks good to me", True, "verdict_unclear"),
        ("VERDICT: PASS or VERDICT: FAIL", True, "verdict_unclear"),
        ("VERDICT: PASSWORD rules apply", True, "verdict_unclear"),
    ],
)
def test_an_auditor_is_believed_where_the_evaluator_agrees(harness, words, passed, reason):
    said(harness, harness.item("rule_a"), "auditor", words, passed=passed)
    report = harness.export(shipped("auditor"), dry_run=True)
    assert report.rejected == ({reason: 1} if reason else {})
