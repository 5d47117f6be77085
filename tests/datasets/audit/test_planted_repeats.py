"""Repeats that no evidence asks for, and evidence that must not be, each fail the audit."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy

import pytest
from written_dataset import HELD, WrittenDataset

from harness_forge.datasets.audit.audit import audit
from harness_forge.datasets.feedback.weights import ItemOutcome, weights

SETTINGS = {"strength": 1.0, "cap": 3, "share": 0.5, "minimum": 1, "prior": 0.0}


class WeightedDataset(WrittenDataset):
    """Two families of two training rows, one failed on validation: its rows stand twice."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        for number, line in enumerate(self.lines["train"]):
            line["family"] = "net" if number < 2 else "disk"
        self.evidence = [
            {"skill": "stig", "item_id": f"rule_{n}", "family": f, "passed": p, "lost": False}
            for n, f, p in ((4, "net", False), (5, "disk", True))
        ]
        self.repeat(0)
        self.repeat(1)
        self.feedback = {
            "kind": "last",
            "split": "validation",
            "settings": SETTINGS,
            "sources": [],
            "families": [{"skill": "stig", "family": "net", "weight": 2.0}],
            "parts": [
                {
                    "skill": "stig",
                    "role": "worker",
                    "train": 4,
                    "families": [{"family": "net", "weight": 2.0, "rows": 2, "lines": 4}],
                }
            ],
        }

    def repeat(self, number: int, **changes) -> None:
        """Write a training line once more, and into its ledger entry."""
        line = {**deepcopy(self.lines["train"][number]), **changes}
        self.lines["train"].append(line)
        entry = next(one for one in self.ledger if one["source"] == line["source"])
        entry["lines"].append(len(self.lines["train"]))

    def write(self):
        """Write the files with the evidence among them."""
        self.manifest = {"role": "worker", "feedback": self.feedback, **self.manifest}
        folder = super().write()
        data = "".join(json.dumps(line) + "\n" for line in self.evidence).encode()
        (folder / "feedback.jsonl").write_bytes(data)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"]["feedback.jsonl"] = {
            "lines": len(self.evidence),
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder


@pytest.fixture
def dataset(tmp_path):
    return WeightedDataset(tmp_path / "data")


def told(dataset):
    """Return what the checks that fail say, by name."""
    return {one.name: one.detail for one in audit(dataset.write()) if not one.holds}


def test_a_sound_one_holds(dataset):
    asked = weights([ItemOutcome(**one) for one in dataset.evidence], **without_share())
    assert {key: one.weight for key, one in asked.items()} == {("stig", "net"): 2.0}
    assert told(dataset) == {}


def without_share():
    return {key: value for key, value in SETTINGS.items() if key != "share"}


def test_a_repeat_of_a_family_that_is_not_weighted(dataset):
    dataset.repeat(2)
    assert set(told(dataset)) == {"repeats"}


def test_one_repeat_too_many(dataset):
    dataset.repeat(0)
    assert "is there 3 times, its weight is 2" in told(dataset)["feedback"]


def test_a_repeat_that_was_changed(dataset):
    dataset.lines["train"].pop()
    entry = next(one for one in dataset.ledger if one["source"] == "stig.turns:1")
    entry["lines"].pop()
    messages = deepcopy(dataset.lines["train"][1]["messages"])
    messages[-1]["content"] += ", as the evaluation asks"
    dataset.repeat(1, messages=messages)
    assert told(dataset)["feedback"] == "train.jsonl line 6 is no repeat: it was changed"


def test_an_example_in_the_shape_of_a_measured_item(dataset):
    written = dataset.add(9, "train")
    written["item_id"] = "rule_4"
    dataset.items.pop()
    assert "item rule_4 is for validation" in told(dataset)["splits"]


def test_a_repeat_of_a_validation_row(dataset):
    line = deepcopy(dataset.lines["validation"][0])
    dataset.lines["validation"].append(line)
    entry = next(one for one in dataset.ledger if one["source"] == line["source"])
    entry["lines"].append(3)
    assert set(told(dataset)) == {"repeats"}


def test_evidence_of_a_held_out_item(dataset):
    dataset.evidence.append({**dataset.evidence[1], "item_id": HELD})
    assert f"tells of held-out item {HELD}" in told(dataset)["feedback"]


def test_evidence_of_a_training_item(dataset):
    dataset.evidence.append({**dataset.evidence[1], "item_id": "rule_2"})
    assert "tells of rule_2, which is train" in told(dataset)["feedback"]


def test_weights_that_the_evidence_does_not_give(dataset):
    dataset.evidence[1]["passed"] = False
    assert "the weights are not what feedback.jsonl comes to" in told(dataset)["feedback"]


def test_weights_from_another_split(dataset):
    dataset.feedback["split"] = "holdout"
    assert told(dataset)["feedback"] == "rows were weighted by what happened on holdout"


def test_more_repeats_than_their_share(dataset):
    dataset.feedback["settings"] = {**SETTINGS, "share": 0.2}
    assert told(dataset)["feedback"].startswith("2 of 6 training lines are repeats")


def test_counts_that_are_not_those_of_the_lines(dataset):
    dataset.feedback["parts"][0]["families"][0]["lines"] = 5
    assert told(dataset)["feedback"] == "family net has 4 lines of 2 rows, not 5 of 2"


def test_a_manifest_that_says_nothing_of_repeats(dataset):
    dataset.feedback = None
    assert "repeats" in told(dataset)


def test_what_cannot_be_read(dataset):
    dataset.feedback = {"split": "validation"}
    assert "cannot be read" in told(dataset)["feedback"]
