"""What a row's columns do not show: tips in its prompt, verdicts on the same answer elsewhere."""

from __future__ import annotations

import random

import pytest

from harness_forge.core.records import Split, Tip, TipRetrieval


def learn(harness, name, split):
    """Return the id of a tip that was learned from a new item."""
    item = harness.item(name, split)
    harness.attempt(item, "learned", passed=False, tips=[Tip(f"tip of {name}", "recovery")])
    return max(tip["id"] for tip in harness.skill.tips())


def shown(tip, *, included=True):
    return {"retrievals": [TipRetrieval(tip, 1, 1.0, included, 0.5)]}


def reasons(harness, recipe, lines):
    report = harness.export(recipe)
    ledger = lines(report.path / "ledger.jsonl")
    return [line.get("reason") for line in ledger]


@pytest.mark.parametrize("split", [Split.HOLDOUT, Split.QUARANTINE, Split.VALIDATION])
def test_a_prompt_with_a_tip_of_a_held_out_item_is_rejected(harness, sft, lines, split):
    tip = learn(harness, "kept_back", split)
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("tipped"), "fix", **shown(tip))
    assert reasons(harness, sft, lines) == ["not_passed", None, "held_out_tip"]


def test_a_prompt_with_a_tip_of_a_training_item_is_kept(harness, sft, lines):
    tip = learn(harness, "trained", Split.TRAIN)
    harness.attempt(harness.item("tipped"), "fix", **shown(tip))
    assert reasons(harness, sft, lines) == ["not_passed", None]


def test_a_tip_that_was_held_back_does_not_count(harness, sft, lines):
    tip = learn(harness, "held", Split.HOLDOUT)
    harness.attempt(harness.item("tipped"), "fix", **shown(tip, included=False))
    assert reasons(harness, sft, lines) == ["not_passed", None]


def test_a_tip_of_a_near_duplicate_of_a_held_out_item_counts(harness, sft, lines):
    """The tip's own item was never given a split of its own: its cluster has one."""
    tip = learn(harness, "twin", None)
    with harness.skill._transaction() as connection:
        connection.execute("UPDATE items SET group_key = 'group_held' WHERE item_id = 'twin'")
    harness.item("held", Split.HOLDOUT)
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("tipped"), "fix", **shown(tip))
    assert reasons(harness, sft, lines)[-1] == "held_out_tip"


def test_a_retrieval_that_lost_its_attempt_counts_for_all_of_its_rule(harness, sft, lines):
    tip = learn(harness, "held", Split.HOLDOUT)
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("tipped"), "fix", **shown(tip))
    with harness.skill._transaction() as connection:
        connection.execute("UPDATE tip_retrievals SET attempt_id = NULL")
    assert reasons(harness, sft, lines) == ["not_passed", None, "held_out_tip"]


def test_an_answer_that_passed_and_failed_is_not_learned_from(harness, sft, lines):
    item, other = harness.item("flaky"), harness.item("sound")
    harness.attempt(other, "sure")
    harness.attempt(item, "maybe")
    harness.attempt(item, "maybe", passed=False, policy="mutated")
    harness.attempt(item, "never", passed=False)
    assert reasons(harness, sft, lines) == [None, "contradictory_outcome", *["not_passed"] * 2]


def test_contradictions_are_those_of_a_full_comparison(harness, sft, lines):
    chance = random.Random(7)
    items = [harness.item(name) for name in ("rule_a", "rule_b")]
    said = []
    for _ in range(60):
        item, script = chance.choice(items), f"fix {chance.randrange(12)}"
        prompt, passed = chance.choice("pq"), chance.random() < 0.7
        harness.attempt(item, script, passed=passed, prompt=prompt)
        said.append(((prompt, script), passed))
    verdicts = {key: {passed for other, passed in said if other == key} for key, _ in said}
    told = reasons(harness, sft, lines)
    torn = [len(verdicts[key]) == 2 for key, passed in said if passed]
    assert any(torn) and not all(torn)
    assert [
        reason == "contradictory_outcome"
        for (_, passed), reason in zip(said, told, strict=True)
        if passed
    ] == torn


def test_an_answer_that_failed_for_another_item_that_asks_the_same_is_torn_too(harness, sft, lines):
    harness.attempt(harness.item("sound"), "sure")
    harness.attempt(harness.item("thumb_up"), "same", prompt="one prompt")
    harness.attempt(harness.item("thumb_down"), "same", prompt="one prompt", passed=False)
    assert reasons(harness, sft, lines) == [None, "contradictory_outcome", "not_passed"]


@pytest.mark.parametrize(("second", "torn"), [("3 failed", True), ("4 failed", False)])
def test_prompts_that_are_stored_as_shared_messages_are_compared_too(
    harness, sft, lines, second, torn
):
    harness.attempt(harness.item("sound"), "sure")
    item = harness.item("long")
    for prompt, passed in (("3 failed", True), (second, False)):
        harness.attempt(item, "submit", prompt=prompt, passed=passed)
    with harness.skill._transaction() as connection:
        connection.execute(
            "INSERT INTO shared_messages (attempt_id, place, run_id, message)"
            " SELECT t.attempt_id, m.at - 1, t.run_id, m.one FROM turns t,"
            " json_array_elements(t.messages) WITH ORDINALITY m (one, at)"
        )
        connection.execute(
            "UPDATE turns SET messages = NULL,"
            " shared = ARRAY[int4range(0, json_array_length(messages))]"
        )
    first = "contradictory_outcome" if torn else None
    assert reasons(harness, sft, lines) == [None, first, "not_passed"]


def test_answers_to_other_prompts_do_not_contradict(harness, sft, lines):
    item = harness.item("flaky")
    harness.attempt(item, "maybe")
    harness.attempt(item, "maybe", passed=False, prompt="another prompt")
    assert reasons(harness, sft, lines) == [None, "not_passed"]


@pytest.mark.parametrize("fault", ["infrastructure", "flag"])
def test_a_verdict_that_is_none_contradicts_nothing(harness, sft, lines, fault):
    item = harness.item("flaky")
    harness.attempt(item, "maybe")
    failed = harness.attempt(item, "maybe", passed=False, infrastructure=fault == "infrastructure")
    if fault == "flag":
        harness.skill.flag("attempts", failed, "evaluator_defect", {}, "openscap")
    assert reasons(harness, sft, lines)[0] is None


def test_an_evaluation_contradicts_nothing(harness, sft, lines):
    item = harness.item("flaky")
    harness.attempt(item, "maybe")
    harness.attempt(item, "maybe", passed=False, purpose="evaluate")
    assert reasons(harness, sft, lines) == [None]
