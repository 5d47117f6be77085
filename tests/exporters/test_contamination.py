"""What is held out stays out in other rows' words too, and the files alone prove it."""

from __future__ import annotations

import json

import pytest

from harness_forge.auditing import audit
from harness_forge.exporting import Treatment
from harness_forge.filters.contamination import ContaminationConfig
from harness_forge.filters.duplicates import DuplicatesConfig
from harness_forge.records import Split

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
