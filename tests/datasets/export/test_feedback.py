"""`feedback=last`: what went wrong on validation weights training rows; nothing else does."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from nights import copies, lines

from harness_forge import cli
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.audit.audit import audit


@pytest.fixture
def words(store, tmp_path):
    return [
        "role=worker", "skill=stig", f"store.url='{store.url}'", f"data_dir={tmp_path / 'data'}",
        f"forge_home={tmp_path}", "feedback=last", "filters=none", "redaction=off",
        "engine.workers=0",
    ]  # fmt: skip


def test_rows_of_a_family_that_failed_stand_more_often(nights, export):
    run = nights.over("validation", "net")
    report, manifest = export("feedback.prior=0", "feedback.share=0.5")
    assert copies(report) == {"net": 20, "disk": 10}
    assert report.examples == {"train": 30, "validation": 8}
    told = manifest["feedback"]
    assert [source["run_id"] for source in told["sources"]] == [run]
    assert told["split"] == "validation"
    assert told["families"] == [
        {"skill": "stig", "family": "net", "weight": 2.0, "items": 4, "failed": 4, "lost": 0}
    ]
    assert told["parts"][0]["families"] == [
        {"family": "net", "weight": 2.0, "rows": 10, "lines": 20}
    ]
    assert manifest["notes"][-1] == (
        f"10 training lines repeat others, weighted by validation run {run}"
    )


def test_every_repeat_is_a_line_of_its_row_in_the_ledger(nights, export):
    nights.over("validation", "net")
    report, _ = export("feedback.prior=0", "feedback.share=0.5")
    train = lines(report)
    ledger = [line for line in lines(report, "ledger.jsonl") if line["kept"]]
    assert len(ledger) == report.kept == 28
    placed = {
        number: line["source"]
        for line in ledger
        if line["file"] == "train.jsonl"
        for number in line["lines"]
    }
    assert placed == {number: line["source"] for number, line in enumerate(train, 1)}
    assert Counter(len(line["lines"]) for line in ledger) == {1: 18, 2: 10}


def test_repeats_are_the_very_lines_and_the_audit_holds(nights, export):
    nights.over("validation", "net")
    plain = lines(export("feedback=none")[0])
    report, _ = export("feedback.prior=0", "feedback.share=0.5")
    assert {json.dumps(line) for line in lines(report)} == {json.dumps(line) for line in plain}
    assert [one for one in audit(report.path) if not one.holds] == []
    assert [one.detail for one in audit(report.path) if one.name == "feedback"] == [
        "10 rows of 1 families, 10 repeats"
    ]


def test_repeats_have_at_most_their_share_of_training(nights, export):
    nights.over("validation", "net")
    report, manifest = export("feedback.prior=0", "feedback.share=0.2")
    assert copies(report) == {"net": 15, "disk": 10}
    assert manifest["feedback"]["parts"][0]["families"][0]["weight"] == 1.5
    assert [one for one in audit(report.path) if not one.holds] == []


def test_what_the_adapter_before_passed_weighs_more(nights, export):
    first = nights.over("validation", adapter="one", policy="model:one")
    nights.over("validation", "net_validation0", "disk_validation1", adapter="two")
    report, manifest = export("feedback.prior=0", "feedback.share=0.5")
    assert manifest["feedback"]["sources"][0]["against"] == first
    assert copies(report) == {"net": 10, "disk": 10}  # each lost one
    nights.over("validation", "net_validation0", "disk_validation0", adapter="three")
    _, manifest = export("feedback.prior=0")
    told = {(one["item_id"], one["lost"]) for one in lines(report, "feedback.jsonl")}
    assert ("disk_validation0", True) in told
    assert ("net_validation0", False) in told
    # net failed before as well, so only disk lost something.
    assert [one["family"] for one in manifest["feedback"]["families"]] == ["disk"]


def test_the_newest_whole_run_of_a_model_counts(nights, export):
    run = nights.over("validation", "net")
    nights.over("validation", "disk", policy="nearest")
    nights.over("validation", "disk", shots=3)
    nights.over("validation", "disk", status="interrupted")
    nights.over("train", "disk")
    nights.over("validation", "disk", purpose="collect")
    assert export()[1]["feedback"]["sources"][0]["run_id"] == run


def test_without_a_validation_run_nothing_is_weighted(nights, export):
    report, manifest = export()
    assert copies(report) == {"net": 10, "disk": 10}
    assert manifest["notes"][-1] == "no validation run was there to weight rows by"
    assert [one for one in audit(report.path) if not one.holds] == []


def test_the_holdout_is_never_a_source(nights, export):
    held = nights.over("holdout", "net")
    assert copies(export()[0]) == {"net": 10, "disk": 10}
    with pytest.raises(ConfigError) as caught:
        export(f"feedback.run={held}")
    assert caught.value.what == (
        f"{held} holds held-out items: nothing may be learned from what became of them"
    )


def test_one_held_out_item_is_enough_to_refuse_a_run(nights, export):
    passed = {name: False for name in nights.items if "_validation" in name}
    mixed = nights.run("model:m", {**passed, "net_holdout0": False})
    assert copies(export()[0]) == {"net": 10, "disk": 10}
    with pytest.raises(ConfigError, match="holds held-out items"):
        export(f"feedback.run={mixed}")


def test_an_item_that_was_moved_to_the_holdout_refuses_its_run(nights, export):
    run = nights.over("validation", "net")
    nights.skill.regroup({"net_validation0": "group_net_holdout0"})
    with pytest.raises(ConfigError, match="holds held-out items"):
        export(f"feedback.run={run}")


def test_no_outcome_of_a_held_out_item_is_read(nights, export, monkeypatch):
    from harness_forge.datasets.feedback import run_evidence

    nights.over("validation", "net")
    held = nights.over("holdout", "disk")
    read = []
    whole = run_evidence.episodes

    def watched(connection, skill, run_id):
        read.append(run_id)
        return whole(connection, skill, run_id)

    monkeypatch.setattr(run_evidence, "episodes", watched)
    export()
    with pytest.raises(ConfigError):
        export(f"feedback.run={held}")
    assert read
    assert held not in read


def test_what_became_of_the_holdout_changes_no_byte(nights, export):
    nights.over("validation", "net")
    before = export()[0].files
    held = [name for name in nights.items if "_holdout" in name]
    nights.run("model:m", dict.fromkeys(held, True))
    asked = export()[0].files
    # What was asked of held-out items is protected from then on, however it went.
    assert {name for name in asked if asked[name] != before[name]} == {"held_out.jsonl"}
    nights.run("model:m", dict.fromkeys(held, False))
    assert export()[0].files == asked


@pytest.mark.parametrize("split", ["train", "nowhere"])
def test_a_run_that_is_not_of_validation_is_refused(nights, export, split):
    run = nights.over("train", "net") if split == "train" else "20200101-000000-none"
    with pytest.raises(ConfigError):
        export(f"feedback.run={run}")


def test_pairs_are_repeated_with_both_their_rows(nights, export):
    nights.run("mutated", {name: False for name in nights.items if "train" in name}, "collect")
    nights.over("validation", "net")
    report, _ = export("format=dpo", "feedback.prior=0", "feedback.share=0.5")
    assert copies(report) == {"net": 20, "disk": 10}
    kept = [line for line in lines(report, "ledger.jsonl") if line["kept"]]
    assert Counter(len(line["lines"]) for line in kept) == {1: 20, 2: 20}
    assert [one for one in audit(report.path) if not one.holds] == []


def test_the_same_store_gives_the_same_bytes(nights, export):
    nights.over("validation", "net")
    assert export()[0].files == export()[0].files


def test_names_in_the_evidence_are_redacted_as_everywhere(nights, export, words):
    nights.over("validation", "net")
    report, _ = export("redaction=default", "feedback.prior=0", "feedback.share=0.5")
    assert [one for one in audit(report.path) if not one.holds] == []


def test_a_dry_run_counts_repeats_too(nights, words, capsys):
    nights.over("validation", "net")
    asked = [*words, "feedback.prior=0", "feedback.share=0.5", "--dry-run"]
    assert cli.main(["export", *asked]) == 0
    assert re.search(r"train examples +30\n", capsys.readouterr().out)
