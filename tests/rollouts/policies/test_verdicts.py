"""What a teacher lets auditor and architect say is what the evaluator said."""

from dataclasses import replace

import pytest

from harness_forge.core.records import Origin, Outcome, ToolCall, WorkItem
from harness_forge.rollouts.policies import verdicts
from harness_forge.rollouts.policies.proposal import Proposal

ITEM = WorkItem("rule_a", "Own the file", "high", "files", "group", True)
BOTH = ("architect", "auditor")
PASSED, FAILED = (
    Outcome(passed, float(passed), 1.0, None if passed else "target_fails", "told", "eye", "1")
    for passed in (True, False)
)


def proposal(script, origin):
    return Proposal(origin, {"role": "assistant"}, "m", ToolCall("fix", {"fix_script": script}))


GOLD, BROKEN = proposal("chown root x", Origin.OURS), proposal("chown x", Origin.MUTATED)


def said(found):
    return [(turn.agent, turn.response["content"]) for turn in found]


def question(turn):
    return turn.messages[-1]["content"]


def test_a_passing_answer_is_audited_and_not_compared():
    found = verdicts.turns(BOTH, ITEM, GOLD, PASSED, "chown root x")
    assert said(found) == [("auditor", "VERDICT: PASS")]
    assert question(found[0]).endswith(
        "Title: Own the file\nSeverity: high\n\nAnswer:\nchown root x"
    )


def test_a_broken_answer_that_failed_is_audited_and_compared():
    architect, auditor = verdicts.turns(BOTH, ITEM, BROKEN, FAILED, "chown root x")
    assert said([auditor]) == [("auditor", "VERDICT: FAIL")]
    picked = architect.response["content"].removeprefix("PICK: ")
    assert f"Answer {picked}:\nchown root x" in question(architect)
    assert "told" not in question(architect) + question(auditor)  # the outcome is not shown


def test_the_sound_answer_is_in_either_place():
    items = [replace(ITEM, item_id=f"rule_{number}") for number in range(20)]
    turns = [verdicts.turns(BOTH, one, BROKEN, FAILED, "chown root x")[0] for one in items]
    assert {turn.response["content"] for turn in turns} == {"PICK: A", "PICK: B"}
    again = [verdicts.turns(BOTH, one, BROKEN, FAILED, "chown root x")[0] for one in items]
    assert again == turns


@pytest.mark.parametrize(
    ("roles", "asked", "outcome", "sound"),
    [
        (BOTH, BROKEN, PASSED, "chown root x"),  # the check let a broken answer through
        (BOTH, GOLD, replace(FAILED, infrastructure=True), "chown root x"),
        (("architect",), BROKEN, FAILED, ""),
        (("architect",), BROKEN, FAILED, "chown x"),
        ((), BROKEN, FAILED, "chown root x"),
    ],
)
def test_where_nothing_is_settled_nothing_is_said(roles, asked, outcome, sound):
    assert verdicts.turns(roles, ITEM, asked, outcome, sound) == []
