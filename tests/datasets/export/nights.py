"""A store with training rows in two families and runs of models over other items."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Attempt, Origin, Outcome, Split, ToolCall, Turn, WorkItem
from harness_forge.datasets import from_config

TOOL = {
    "type": "function",
    "function": {"name": "apply_fix", "description": "", "parameters": {
        "type": "object", "properties": {"fix_script": {"type": "string"}},
    }},
}  # fmt: skip


class Nights:
    """A store with training rows in two families, and runs over other items."""

    def __init__(self, skill) -> None:
        self.skill = skill
        for number in range(10):
            self.item(f"net_train{number}", "net", Split.TRAIN)
            self.item(f"disk_train{number}", "disk", Split.TRAIN)
        for split in (Split.VALIDATION, Split.HOLDOUT):
            for number in range(4):
                self.item(f"net_{split}{number}", "net", split)
                self.item(f"disk_{split}{number}", "disk", split)
        names = [name for name in self.items if "train" in name or "validation" in name]
        self.run("gold", dict.fromkeys(names, True), purpose="collect")

    items: dict[str, WorkItem]

    def item(self, name, family, split):
        self.items = {**getattr(self, "items", {})}
        item = WorkItem(name, f"Title of {name}", "high", family, f"group_{name}", True)
        self.items[name] = item
        self.skill.upsert_items([item])
        self.skill.assign_splits({item.group_key: split}, "salt")

    def run(self, policy, passed, purpose="evaluate", adapter="", shots=0, status="complete"):
        told = {"adapter_digest": adapter or None, "shots": shots}
        handle = self.skill.open_run(
            policy=policy, purpose=purpose, config={"policy": told}, evaluator="e",
            evaluator_version="1", content_digest="c", fresh=True,
        )  # fmt: skip
        for name, fine in passed.items():
            arguments = {"fix_script": f"{policy} sets --of {name} --to {len(name)}"}
            function = {"name": "apply_fix", "arguments": json.dumps(arguments)}
            call = {"id": "call_0", "type": "function", "function": function}
            said = {"role": "assistant", "content": None, "tool_calls": [call]}
            asked = [
                {"role": "system", "content": "You are the worker."},
                {"role": "user", "content": f"Rule: {name}, which asks for its own {name} option"},
            ]
            turn = Turn("worker", asked, [TOOL], said, policy, finish_reason="tool_calls")
            outcome = Outcome(fine, float(fine), 1.0, None, "", "e", "1")
            attempt = Attempt(
                name, 1, Origin.OURS, "p", ToolCall("apply_fix", arguments), outcome, [turn]
            )
            self.skill.record(handle.run_id, self.items[name], attempt)
            self.skill.finish_item(handle.run_id, name, "completed" if fine else "escalated", 1, 1)
        self.skill.finish_run(handle.run_id, {}, status)
        return handle.run_id

    def over(self, split, *failed, **settings):
        """Run a model over the items of a split; those whose names hold a word failed."""
        names = [name for name in self.items if f"_{split}" in name]
        passed = {name: not any(word in name for word in failed) for name in names}
        return self.run(settings.pop("policy", "model:m"), passed, **settings)


def lines(report, name="train.jsonl"):
    return [json.loads(line) for line in (report.path / name).read_text().splitlines()]


def copies(report):
    """Return how many lines each family has in training."""
    return Counter(line["family"] for line in lines(report))


@pytest.fixture
def nights(store):
    store.upgrade("stig")
    return Nights(store.skill("stig"))


@pytest.fixture
def export(words):
    """Export as `words` and more of them say; gives the report and the manifest."""

    def run(*more):
        report = from_config.export_from_config(compose(None, [*words, *more]))
        return report, json.loads((report.path / "manifest.json").read_text())

    return run
