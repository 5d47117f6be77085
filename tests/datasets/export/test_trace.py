"""Every line of a dataset leads back to what happened."""

from __future__ import annotations

import pytest

from harness_forge import cli
from harness_forge.config.filters import FiltersConfig
from harness_forge.core.errors import ExportError
from harness_forge.core.records import Split
from harness_forge.datasets.request import Treatment
from harness_forge.datasets.trace import trace, verdicts


@pytest.fixture
def connect(store):
    return lambda skill: store.skill(skill).connect_read_only()


def test_a_line_leads_to_run_attempt_turn_and_flags(harness, sft, connect):
    item = harness.item("rule_a")
    harness.attempt(item, "first", passed=False)
    attempt = harness.attempt(item, "second")
    harness.skill.flag("attempts", attempt, "suspect", {"seen": "twice"}, "openscap")
    recipe = harness.export(replace_require(sft, label_flagged=None))
    (origin,) = trace(recipe.path, "train:1", connect).origins
    assert origin.entry["source"] == "stig.turns:2"
    assert origin.run["policy"] == "gold"
    assert (origin.attempt["attempt_num"], origin.attempt["eval_passed"]) == (2, True)
    assert origin.attempt["split"] == "train"
    assert [turn["decisive"] for turn in origin.turns] == [True]
    assert [(flag["reason"], flag["evidence"]) for flag in origin.flags] == [
        ("suspect", {"seen": "twice"})
    ]


def test_a_pair_leads_to_both_of_its_rows(harness, dpo, connect):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    found = trace(harness.export(dpo).path, "1", connect)
    assert [origin.attempt["eval_passed"] for origin in found.origins] == [True, False]
    assert found.line["chosen"] != found.line["rejected"]


@pytest.mark.parametrize("extension", ["jsonl", "jsonl.gz", "jsonl.zst", "parquet"])
def test_a_line_is_found_whatever_its_file_is(harness, sft, connect, extension):
    pytest.importorskip("zstandard" if extension.endswith("zst") else "pyarrow")
    item = harness.item("rule_a", Split.VALIDATION)
    harness.attempt(harness.item("rule_t"), "train")
    for number in range(3):
        harness.attempt(item, f"echo {number}")
    path = harness.export(sft, extension=extension).path
    found = trace(path, "validation:2", connect)
    assert found.line["source"] == found.origins[0].entry["source"] == "stig.turns:3"


def test_a_rejected_row_tells_which_filter_and_which_row_it_repeats(harness, sft, connect):
    item = harness.item("rule_a")
    harness.attempt(item, "echo fix")
    harness.attempt(item, "echo fix")
    harness.attempt(item, "go round " * 200)
    path = harness.export(sft, treatment=Treatment(filters=FiltersConfig())).path
    (origin,) = trace(path, "stig.turns:2", connect).origins
    assert (origin.entry["reason"], origin.entry["of"]) == ("duplicate", "stig.turns:1")
    found = trace(path, "stig.turns:3", connect)
    said = dict(verdicts(found, found.origins[0].entry))
    assert (said["empty"], said["repetition"], said["banned"]) == (
        "keeps it",
        "rejects it",
        "not asked",
    )


def test_without_its_store_the_ledger_still_tells(harness, sft):
    harness.attempt(harness.item("rule_a"))
    (origin,) = trace(harness.export(sft).path, "train:1", None).origins
    assert origin.entry["kept"]
    assert origin.missing == "the store was not asked"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("train:9", "train.jsonl has 1 lines"),
        ("train:0", "train.jsonl has 1 lines"),
        ("validation:1", "validation.jsonl has 0 lines"),
        ("last", "names no line"),
        ("stig.turns:99", "the ledger has no row there"),
    ],
)
def test_a_line_that_is_not_there_is_told(harness, sft, place, words):
    harness.attempt(harness.item("rule_a"))
    with pytest.raises(ExportError, match=words):
        trace(harness.export(sft).path, place, None)


def test_what_is_no_dataset_is_told(tmp_path):
    with pytest.raises(ExportError, match="is no dataset"):
        trace(tmp_path / "nothing", "1", None)


def test_the_verb_prints_it(harness, sft, store, capsys):
    harness.attempt(harness.item("rule_a"))
    path = harness.export(sft).path
    assert cli.main(["trace", str(path), "train:1", f"store.url='{store.url}'"]) == 0
    shown = capsys.readouterr().out
    assert "row stig.turns:1" in shown
    assert "policy=gold" in shown
    assert "label flag  none" in shown


def replace_require(config, **changes):
    from dataclasses import replace

    return replace(config, require={**config.require, **changes})
