"""The base model's own correct answers, where the corpus is silent; and the list of where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin, Split
from harness_forge.store.browsing.kinds import kinds

BASE = "smollm2-135m"


@pytest.fixture(scope="session")
def anchored():
    return compose(None, ["role=worker", "skill=stig", "export=worker_anchored_sft"]).export


@pytest.fixture
def of_family(harness):
    def item(name, family, split=Split.TRAIN):
        made = replace(harness.item(name, split), family=family)
        harness.skill.upsert_items([made])
        return made

    return item


def based(harness, item, *scripts, **changes):
    told = {"policy": f"model:{BASE}", "origin": Origin.MODEL, "model": BASE}
    for script in scripts:
        harness.attempt(item, script, **told | changes)


def kept(report, lines):
    found = lines(report.path / "train.jsonl")
    return sorted((line["item_id"], line["policy"]) for line in found)


def test_answers_of_the_base_are_kept_only_where_the_corpus_has_none(
    harness, anchored, lines, of_family
):
    spoken, silent = of_family("a", "spoken"), of_family("b", "silent")
    harness.attempt(spoken, "gold")
    based(harness, of_family("a2", "spoken"), "own")
    based(harness, silent, "own")
    report = harness.export(anchored)
    assert kept(report, lines) == [("a", "gold"), ("b", f"model:{BASE}")]
    assert report.rejected == {"base_not_needed": 1}


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.HOLDOUT])
def test_the_base_answers_training_items_alone(harness, anchored, of_family, split):
    based(harness, of_family("a", "silent", split), "own")
    harness.attempt(of_family("b", "spoken"), "gold")
    report = harness.export(anchored)
    assert (report.kept, report.rejected) == (1, {"held_out": 1})


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.HOLDOUT])
def test_what_is_known_of_held_out_items_breaks_no_silence(harness, anchored, of_family, split):
    harness.attempt(of_family("a", "silent", split), "gold")
    based(harness, of_family("b", "silent"), "own")
    assert harness.export(anchored).examples["train"] == 1


def test_an_adapter_or_another_model_is_not_the_base(harness, anchored, of_family):
    item = of_family("a", "spoken")
    based(harness, item, "of an adapter", adapter="mine-1")
    based(harness, item, "of another", model="larger")
    based(harness, item, "own")
    report = harness.export(anchored)
    assert (report.kept, report.rejected) == (2, {"base_not_needed": 1})


def test_a_teacher_that_failed_leaves_a_kind_silent(harness, anchored, of_family):
    item = of_family("a", "silent")
    harness.attempt(item, "gold", passed=False)
    based(harness, item, "wrong", passed=False)
    based(harness, item, "one", "one", "two", "three")
    report = harness.export(anchored)
    assert report.kept == 2
    assert report.rejected == {"not_passed": 2, "duplicate": 1, "over_limit": 1}


def test_the_list_of_kinds_names_those_that_only_the_base_passes_first(harness, of_family):
    harness.attempt(of_family("a", "spoken"), "gold")
    based(harness, of_family("b", "silent"), "right")
    based(harness, of_family("b", "silent"), "wrong", passed=False)
    based(harness, of_family("c", "beyond"), "wrong", passed=False)
    # Held-out items are in no number.
    based(harness, of_family("h", "silent", Split.HOLDOUT), "right")
    based(harness, of_family("i", "hidden", Split.HOLDOUT), "right")
    with harness.skill.connect_read_only() as connection:
        found = kinds(connection, BASE, "worker")
    assert [tuple(one.values()) for one in found] == [
        ("silent", 1, 0, 2, 1, 1, True),
        ("beyond", 1, 0, 1, 0, 0, True),
        ("spoken", 1, 1, 0, 0, 0, False),
    ]
