"""The shipped worker_dpo recipe: pairs of one prompt, every other row with its reason."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from harness_forge.core.errors import ExportError
from harness_forge.core.records import Origin, Split


def fix_of(messages: list[dict]) -> str:
    (message,) = messages
    return json.loads(message["tool_calls"][0]["function"]["arguments"])["fix_script"]


def pair(harness, name: str = "anchor") -> None:
    item = harness.item(name)
    harness.attempt(item, f"good {name}")
    harness.attempt(item, f"bad {name}", passed=False, policy="mutated", origin=Origin.MUTATED)


def test_a_pass_and_a_failure_of_one_prompt_become_a_pair(harness, dpo, lines):
    pair(harness, "rule_a")
    report = harness.export(dpo)
    (line,) = lines(report.path / "train.jsonl")
    assert [message["role"] for message in line["prompt"]] == ["system", "user"]
    assert (fix_of(line["chosen"]), fix_of(line["rejected"])) == ("good rule_a", "bad rule_a")
    assert (line["source"], line["rejected_source"]) == ("stig.turns:1", "stig.turns:2")
    assert (line["policy"], line["rejected_policy"]) == ("gold", "mutated")
    assert (report.read, report.kept) == (2, 2)


def test_pairs_stay_within_an_item(harness, dpo):
    pair(harness)
    harness.attempt(harness.item("rule_a"), "good")
    harness.attempt(harness.item("rule_b"), "bad", passed=False)
    assert harness.export(dpo).rejected == {"no_counterpart": 2}


def test_answers_to_different_prompts_are_no_pair(harness, dpo):
    pair(harness)
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False, prompt="Rule: rule_a\nTips: …")
    assert harness.export(dpo).rejected == {"prompt_mismatch": 2}


def test_an_answer_that_both_passed_and_failed_is_in_no_pair(harness, dpo):
    pair(harness)
    item = harness.item("rule_a")
    harness.attempt(item, "flaky")
    harness.attempt(item, "flaky", passed=False)
    assert harness.export(dpo).rejected == {"contradictory_outcome": 2}


def test_at_most_so_many_pairs_of_one_item_nearest_to_passing_first(harness, dpo, lines):
    item = harness.item("rule_a")
    harness.attempt(item, "good 1")
    harness.attempt(item, "good 2")
    for number, value in enumerate((0.0, 0.4, 0.2)):
        harness.attempt(item, f"bad {number}", passed=False, value=value)
    report = harness.export(replace(dpo, max_pairs_per_item=2))
    train = lines(report.path / "train.jsonl")
    assert [fix_of(line["rejected"]) for line in train] == ["bad 1", "bad 2"]
    assert [fix_of(line["chosen"]) for line in train] == ["good 1", "good 2"]
    assert report.rejected == {"over_limit": 1}


def test_ledger_names_every_pair_a_row_stands_in(harness, dpo, lines):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    for number in range(3):
        harness.attempt(item, f"bad {number}", passed=False)
    path = harness.export(dpo).path
    entries = {entry["source"]: entry["lines"] for entry in lines(path / "ledger.jsonl")}
    assert entries["stig.turns:1"] == [1, 2, 3]
    assert sorted(entries.values())[1:] == [[1, 2, 3], [2], [3]]


def test_rows_keep_the_order_of_the_store_in_the_ledger(harness, dpo, lines):
    for name in ("rule_b", "rule_a"):
        pair(harness, name)
    path = harness.export(dpo).path
    sources = [entry["source"] for entry in lines(path / "ledger.jsonl")]
    assert sources == ["stig.turns:3", "stig.turns:4", "stig.turns:1", "stig.turns:2"]


def test_validation_items_make_validation_pairs(harness, dpo):
    pair(harness)
    item = harness.item("rule_v", Split.VALIDATION)
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    assert harness.export(dpo).examples == {"train": 1, "validation": 1}


def test_an_order_that_scatters_items_is_refused(harness, dpo):
    for _ in range(2):
        for name in ("rule_a", "rule_b"):
            harness.attempt(harness.item(name))
    with pytest.raises(ExportError, match="the rows of item 'rule_a' do not come together"):
        harness.export(replace(dpo, order_by="turn_id"))


def test_every_row_read_has_one_ledger_line(harness, dpo, lines):
    pair(harness)
    for number in range(6):
        harness.attempt(harness.item("rule_a"), f"x {number % 4}", passed=number % 2 == 0)
    report = harness.export(dpo)
    sources = Counter(entry["source"] for entry in lines(report.path / "ledger.jsonl"))
    assert sources == {f"stig.turns:{number}": 1 for number in range(1, 9)}


def test_the_hardest_come_first_whatever_their_prompt(harness, dpo, lines):
    item = harness.item("rule_a")
    for prompt, value in (("first", 0.1), ("second", 0.6), ("third", 0.3)):
        harness.attempt(item, f"good {prompt}", prompt=prompt)
        harness.attempt(item, f"bad {prompt}", passed=False, value=value, prompt=prompt)
    report = harness.export(replace(dpo, max_pairs_per_item=2))
    train = lines(report.path / "train.jsonl")
    assert [fix_of(line["rejected"]) for line in train] == ["bad second", "bad third"]
    assert [fix_of(line["chosen"]) for line in train] == ["good second", "good third"]
    assert report.rejected == {"over_limit": 2}


def test_calls_are_never_paired_across_prompts(harness, dpo):
    pair(harness)
    with pytest.raises(ExportError, match=r"export\.across_prompts: is for texts"):
        harness.export(replace(dpo, across_prompts=True))


def test_every_pass_meets_every_failure_of_its_prompt_where_the_limit_allows(harness, dpo, lines):
    item = harness.item("rule_a")
    for number in range(3):
        harness.attempt(item, f"good {number}")
    for number in range(2):
        harness.attempt(item, f"bad {number}", passed=False)
    report = harness.export(replace(dpo, max_pairs_per_item=100))
    train = lines(report.path / "train.jsonl")
    pairs = {(fix_of(line["chosen"]), fix_of(line["rejected"])) for line in train}
    assert len(train) == len(pairs) == 6
    assert report.rejected == {}
