"""The cap of a category and general data, in datasets that come out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness_forge.config.filters import FiltersConfig
from harness_forge.config.mixture import BalanceCategory, BalanceConfig, MixInConfig
from harness_forge.config.redaction import RedactionConfig
from harness_forge.core.errors import ExportError
from harness_forge.core.records import Split
from harness_forge.datasets.export import export
from harness_forge.datasets.request import ExportPart, ExportRequest, Treatment


def treatment(**filters):
    return Treatment(filters=FiltersConfig(**filters), seed=5)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def attempts(harness, count=6):
    for number in range(count):
        harness.attempt(harness.item(f"rule_{number}"), f"echo {number} fixed")
    harness.attempt(harness.item("other", Split.VALIDATION), "echo other fixed")


def test_a_category_keeps_its_cap_and_validation_all(harness, sft):
    attempts(harness)
    config = BalanceConfig(enabled=True, by=BalanceCategory.family, max_per_category=2)
    report = harness.export(sft, treatment=treatment(balance=config))
    assert report.examples == {"train": 2, "validation": 1}
    assert report.rejected["balance"] == 4
    ledger = lines(report.path / "ledger.jsonl")
    assert len(ledger) == report.read == 7
    written = {
        line["source"]: number for number, line in enumerate(lines(report.path / "train.jsonl"), 1)
    }
    kept = {
        line["source"]: line["lines"]
        for line in ledger
        if line["kept"] and line["file"] == "train.jsonl"
    }
    assert kept == {source: [number] for source, number in written.items()}


def test_a_pair_over_the_cap_takes_its_rows_with_it(harness, dpo):
    item = harness.item("rule")
    for number in range(3):
        harness.attempt(item, f"echo {number} right")
        harness.attempt(item, f"echo {number} wrong", passed=False, policy="mutated")
    whole = harness.export(dpo, treatment=treatment(), dry_run=True)
    config = BalanceConfig(enabled=True, by=BalanceCategory.item, max_per_category=1)
    report = harness.export(dpo, treatment=treatment(balance=config))
    assert whole.examples["train"] > report.examples["train"] == 1
    assert report.kept == 2
    assert report.rejected["balance"] == whole.kept - 2


@pytest.fixture
def general(tmp_path):
    def write(count=30, said="It is so."):
        file = tmp_path / "general.jsonl"
        rows = [
            {
                "messages": [
                    {"role": "user", "content": f"Is it {number}?"},
                    {"role": "assistant", "content": said},
                ]
            }
            for number in range(count)
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return MixInConfig(enabled=True, path=str(file), share=0.25)

    return write


def test_general_examples_have_their_share_of_training_and_none_of_validation(
    harness, sft, general
):
    attempts(harness)
    report = harness.export(sft, treatment=treatment(mix_in=general()))
    assert report.examples == {"train": 8, "validation": 1}
    assert (report.read, report.kept) == (7 + 30, 7 + 2)
    mixed = [line for line in lines(report.path / "train.jsonl") if line["policy"] == "mix_in"]
    assert [line["origin"] for line in mixed] == ["mix_in", "mix_in"]
    assert {tuple(sorted(line)) for line in lines(report.path / "train.jsonl")} == {
        tuple(sorted(mixed[0]))
    }


def test_tools_of_general_examples_are_redacted(harness, sft, tmp_path):
    attempts(harness)
    told = {
        "name": "mail",
        "description": "Mails jane.doe@acme-corp.io.",
        "parameters": {"type": "object", "properties": {}},
    }
    said = [{"role": "user", "content": "Is it so?"}, {"role": "assistant", "content": "It is."}]
    file = tmp_path / "general.jsonl"
    file.write_text(
        json.dumps({"messages": said, "tools": [{"type": "function", "function": told}]}) + "\n"
    )
    asked = treatment(mix_in=MixInConfig(enabled=True, path=str(file), share=0.25))
    asked = replace(asked, redaction=RedactionConfig(), key=bytes(32))
    report = harness.export(sft, treatment=asked)
    (mixed,) = [line for line in lines(report.path / "train.jsonl") if line["policy"] == "mix_in"]
    assert "Mails" in mixed["tools"]
    assert "jane.doe" not in mixed["tools"]


def test_every_general_row_is_in_the_ledger(harness, sft, general):
    attempts(harness)
    report = harness.export(sft, treatment=treatment(mix_in=general()))
    entered = [
        line for line in lines(report.path / "ledger.jsonl") if line["source"].startswith("general")
    ]
    assert len({line["source"] for line in entered}) == 30
    assert sum(line["kept"] for line in entered) == 2
    assert {line.get("reason") for line in entered} == {None, "not_drawn"}
    assert report.rejected["not_drawn"] == 28


def test_pairs_have_no_room_for_general_examples(harness, dpo, general):
    item = harness.item("rule")
    harness.attempt(item, "echo right")
    harness.attempt(item, "echo wrong", passed=False)
    with pytest.raises(ExportError, match=r"filters\.mix_in: adds examples to learn from"):
        harness.export(dpo, treatment=treatment(mix_in=general()))
    assert not (harness.data_dir / dpo.name).exists()


def test_the_same_export_twice_has_the_same_bytes(harness, sft, general):
    attempts(harness)
    balance = BalanceConfig(enabled=True, max_per_category=3)
    asked = treatment(mix_in=general(), balance=balance)
    first = harness.export(sft, treatment=asked).files
    assert harness.export(sft, treatment=asked).files == first
    assert harness.export(sft, treatment=replace(asked, seed=6)).files != first


def test_the_manifest_says_what_was_mixed_in_and_no_folder_of_this_machine(harness, sft, general):
    attempts(harness)
    asked = treatment(mix_in=general(1))
    report = harness.export(sft, treatment=asked)
    text = (report.path / "manifest.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    assert facts["mix_in"]["wanted"] == 2
    assert facts["mix_in"]["rows"] == {"read": 1, "kept": 1, "rejected": {}}
    assert facts["filters"]["mix_in"]["settings"]["path"] == "general.jsonl"
    assert str(harness.data_dir.parent) not in text
    assert facts["notes"][-1] == (
        "1 of the training examples are general data from a file,"
        " which had no more: the share of 0.25 asks for 2"
    )


def test_a_dataset_of_several_roles_takes_general_data_too(harness, sft, general):
    attempts(harness)
    parts = [ExportPart(harness.skill, role, sft) for role in ("worker", "reflector")]
    asked = treatment(mix_in=general())
    request = ExportRequest(harness.data_dir, "all", "stig", "all", "sft", treatment=asked)
    report = export(parts, request)
    assert [(share.role, share.kept) for share in report.parts][-1][0] == "mix_in"
    facts = json.loads((report.path / "manifest.json").read_text(encoding="utf-8"))
    assert [part["role"] for part in facts["parts"]] == ["worker", "reflector"]
    mixed = lines(report.path / "train.jsonl")[-1]
    assert (mixed["skill"], mixed["role"]) == ("mix_in", "mix_in")
