"""KTO: answers that stand alone. GRPO: prompts, and how to have answers judged."""

from __future__ import annotations

import json

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin, Split


@pytest.fixture(scope="session")
def kto():
    return compose(None, ["role=worker", "skill=stig", "format=kto"]).export


@pytest.fixture(scope="session")
def grpo():
    return compose(None, ["role=worker", "skill=stig", "format=grpo"]).export


def test_passes_are_good_and_failures_bad_without_counterparts(harness, kto, lines):
    harness.attempt(harness.item("rule_a"), "good")
    harness.attempt(harness.item("rule_b"), "bad", passed=False)
    report = harness.export(kto)
    good, bad = lines(report.path / "train.jsonl")
    assert (good["label"], bad["label"]) == (True, False)
    assert [message["role"] for message in good["prompt"]] == ["system", "user"]
    assert good["completion"][0]["tool_calls"][0]["function"]["name"] == "apply_fix"
    assert json.loads(good["tools"])[0]["function"]["name"] == "apply_fix"
    assert "evidence" not in good
    assert (report.read, report.kept) == (2, 2)


def test_an_answer_called_both_is_called_neither_and_one_said_twice_counts_once(harness, kto):
    item = harness.item("rule_a")
    harness.attempt(item, "flaky")
    harness.attempt(item, "flaky", passed=False)
    harness.attempt(item, "sure")
    harness.attempt(item, "sure")
    report = harness.export(kto)
    assert report.kept == 1
    assert report.rejected == {"contradictory_outcome": 2, "duplicate": 1}


def test_no_item_that_is_held_out_is_labelled(harness, kto):
    harness.attempt(harness.item("rule_a"), "good")
    harness.attempt(harness.item("rule_h", Split.HOLDOUT), "good")
    assert harness.export(kto).rejected == {"held_out": 1}


def test_a_prompt_is_kept_once_with_what_a_reward_function_needs(harness, grpo, lines):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    report = harness.export(grpo)
    (line,) = lines(report.path / "train.jsonl")
    assert json.loads(line["reference"]) == {
        "environment": "scap",
        "skill": "stig",
        "item_id": "rule_a",
        "check_digest": "",
        "evaluator": "openscap",
    }
    assert "good" not in json.dumps(line)
    assert report.rejected == {"duplicate": 1}


def test_a_prompt_whose_answer_could_not_be_read_is_still_a_prompt(harness, grpo):
    silent = {"role": "assistant", "content": "no call"}
    harness.attempt(harness.item("rule_a"), passed=False, response=silent, tool_call=None)
    assert harness.export(grpo).kept == 1


def test_prompts_are_chosen_by_how_models_did(harness, grpo):
    from dataclasses import replace

    for name, passes in (("never", 0), ("sometimes", 1), ("always", 2)):
        for sample in range(2):
            harness.attempt(
                harness.item(name),
                f"{name} {sample}",
                passed=sample < passes,
                policy="model:m",
                origin=Origin.MODEL,
            )
    report = harness.export(replace(grpo, where="passes BETWEEN 1 AND tries - 1"))
    assert report.kept == 1
    assert report.rejected == {"not_selected": 4, "duplicate": 1}
