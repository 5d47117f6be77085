"""What is held out stays out in other rows' words too, and the files alone prove it."""

from __future__ import annotations

import json

import pytest

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.core.errors import ExportError
from harness_forge.core.records import Split
from harness_forge.datasets import export as exporting
from harness_forge.datasets.audit.audit import AuditFinding, audit
from harness_forge.datasets.request import Treatment

QUESTION = (
    "Make sure that the daemon which keeps the clock asks three servers at least, that none of "
    "them is on the local network, and that it is started with the machine every single time."
)


@pytest.fixture
def export(harness, sft, lines):
    """Export and return the reasons in the ledger, in order."""

    def run(**settings):
        treatment = Treatment(
            contamination=ContaminationConfig(**settings), duplicates=DuplicatesConfig()
        )
        path = harness.export(sft, treatment=treatment).path
        assert [one for one in audit(path) if not one.holds] == []
        return [line.get("reason") for line in lines(path / "ledger.jsonl")]

    return run


def test_a_prompt_that_quotes_a_held_out_one_is_rejected(harness, export):
    harness.attempt(harness.item("held", Split.HOLDOUT), "chrony", prompt=QUESTION)
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("quoting"), "fix", prompt=f"Not now: {QUESTION}")
    assert export() == ["held_out", None, "contaminated"]
    assert export(enabled=False) == ["held_out", None, None]


def test_worked_examples_of_an_evaluation_are_no_held_out_text(harness, export):
    held = harness.item("held", Split.HOLDOUT)
    harness.attempt(held, "chrony")
    harness.attempt(harness.item("taught"), "fine", prompt=QUESTION)
    harness.attempt(harness.item("plain"), "good")
    few_shot = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "fine"}]
    few_shot.append({"role": "user", "content": "Rule: held"})
    harness.attempt(held, "no", purpose="evaluate", passed=False, messages=few_shot)
    assert export() == ["held_out", None, None]
    # Of an item that was only evaluated, what the evaluation asked is all there is.
    unseen = harness.item("unseen", Split.HOLDOUT)
    harness.attempt(unseen, "no", purpose="evaluate", passed=False, prompt=QUESTION)
    assert export() == ["held_out", "contaminated", None]


def test_an_answer_that_names_a_held_out_item_is_rejected(harness, export):
    harness.item("chronyd_three_servers", Split.HOLDOUT)
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("naming"), "# as chronyd_three_servers wants it\ntrue")
    assert export() == [None, "contaminated"]


def test_a_row_with_words_of_a_suite_is_rejected(harness, export, tmp_path):
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps({"id": "simple_1", "question": [[{"content": QUESTION}]]}))
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("quoting"), "fix", prompt=QUESTION)
    assert export(suites={"simple": str(suite)}) == [None, "contaminated"]


def test_nothing_of_what_is_held_out_can_be_read_in_the_files(harness, sft):
    harness.attempt(harness.item("chronyd_three_servers", Split.HOLDOUT), "x", prompt=QUESTION)
    harness.attempt(harness.item("plain"), "fine")
    treatment = Treatment(contamination=ContaminationConfig())
    path = harness.export(sft, treatment=treatment).path
    for file in path.iterdir():
        assert "chronyd_three_servers" not in file.read_text()


def test_an_item_that_changed_sides_is_not_listed_as_usable(harness, sft, lines):
    harness.attempt(harness.item("plain"), "fine")
    moved = harness.item("moved")
    harness.attempt(moved, "fix")
    harness.skill.assign_splits({"elsewhere": Split.VALIDATION}, "salt")
    with harness.skill._transaction() as connection:
        connection.execute("UPDATE items SET group_key = 'elsewhere' WHERE item_id = 'moved'")
    path = harness.export(sft).path
    assert [line["item_id"] for line in lines(path / "items.jsonl")] == ["plain"]
    assert lines(path / "ledger.jsonl")[1]["reason"] == "held_out"


def test_the_ledger_says_whose_words_a_row_holds_and_which(harness, sft, lines):
    harness.attempt(harness.item("held", Split.HOLDOUT), "chrony", prompt=QUESTION)
    harness.attempt(harness.item("plain"), "fine")
    harness.attempt(harness.item("quoting"), "fix", prompt=f"Not now: {QUESTION}")
    harness.attempt(harness.item("opening"), "fix", prompt=QUESTION.upper())
    path = harness.export(sft, treatment=Treatment(contamination=ContaminationConfig())).path
    told = [line for line in lines(path / "ledger.jsonl") if line.get("reason") == "contaminated"]
    assert [(line["kept_for_measuring"], line["text"]) for line in told] == [
        ("held", "question"),
        ("held", "opening"),
    ]


def test_a_row_of_training_does_not_open_as_one_of_validation(harness, export):
    harness.attempt(harness.item("checks", Split.VALIDATION), "a", prompt="Who keeps the key?")
    harness.attempt(harness.item("trains"), "b", prompt="Who keeps the  KEY?")
    harness.attempt(harness.item("plain"), "fine")
    assert export() == [None, "contaminated", None]


def test_held_out_copies_of_one_question_are_no_template(harness, export):
    for number in range(12):
        harness.attempt(harness.item(f"held{number}", Split.HOLDOUT), "x", prompt=QUESTION)
    harness.attempt(harness.item("quoting"), "fix", prompt=f"Not now: {QUESTION}")
    harness.attempt(harness.item("plain"), "fine")
    assert export()[-2:] == ["contaminated", None]


def test_what_a_tool_returned_to_a_held_out_item_may_stand_in_training_rows(harness, export):
    told = [
        {"role": "user", "content": "What does the almanac say of the tide tonight, and why so?"},
        {"role": "assistant", "content": "I look."},
        {"role": "tool", "content": QUESTION},
    ]
    harness.attempt(harness.item("held", Split.HOLDOUT), "x", messages=told)
    harness.attempt(harness.item("plain"), "fine", prompt=f"Almanac: {QUESTION}")
    assert export() == ["held_out", None]


@pytest.mark.parametrize("prompt", [QUESTION, QUESTION.replace("Make sure", "Ensure")])
def test_what_asks_what_validation_asks_is_left_out_and_the_rest_written(
    harness, sft, lines, prompt
):
    harness.attempt(harness.item("checks", Split.VALIDATION), "a", prompt=QUESTION)
    for number in range(2):
        harness.attempt(harness.item(f"trains{number}"), f"b{number}", prompt=prompt)
    harness.attempt(harness.item("plain"), "fine")
    report = harness.export(sft)
    assert report.rejected == {"asks_what_validation_asks": 2}
    assert [line["item_id"] for line in lines(report.path / "train.jsonl")] == ["plain"]
    assert [line["item_id"] for line in lines(report.path / "validation.jsonl")] == ["checks"]


def test_an_export_that_fails_its_audit_leaves_the_dataset_before_it(harness, sft, monkeypatch):
    harness.attempt(harness.item("plain"), "fine")
    path = harness.export(sft).path
    before = (path / "train.jsonl").read_bytes()
    # No row is known that an export lets through and its audit finds, so this one says so.
    finding = AuditFinding("secrets", False, "train.jsonl line 2 holds one")
    monkeypatch.setattr(exporting, "audit_with_items", lambda draft: ([finding], set()))
    told = "fails its audit: secrets: train.jsonl line 2"
    with pytest.raises(ExportError, match=told):
        harness.export(sft)
    assert (path / "train.jsonl").read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]
