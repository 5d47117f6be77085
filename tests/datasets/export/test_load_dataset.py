"""What is written loads in `datasets`, and comes back as it was."""

from __future__ import annotations

import json

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Split
from harness_forge.datasets.export import export
from harness_forge.datasets.request import ExportPart, ExportRequest


@pytest.fixture(scope="module", autouse=True)
def offline(tmp_path_factory):
    """Keep `datasets` off the network, and its cache out of the home folder."""
    patch = pytest.MonkeyPatch()
    patch.setenv("HF_HUB_OFFLINE", "1")
    patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
    yield
    patch.undo()


@pytest.fixture
def load(tmp_path):
    from datasets import load_dataset

    return lambda *names, **options: load_dataset(
        *map(str, names), cache_dir=str(tmp_path / "cache"), **options
    )


def fill(harness) -> None:
    other = {"type": "function", "function": {"name": "apply_fix", "parameters": {"x": [1]}}}
    for name, split in (("rule_a", Split.TRAIN), ("rule_v", Split.VALIDATION)):
        item = harness.item(name, split)
        harness.attempt(item, "good 汉字 \u2028")
        harness.attempt(item, "with another tool", tools=[other])
        harness.attempt(item, "bad", passed=False)


def test_a_sft_folder_loads_with_its_splits(harness, sft, lines, load):
    fill(harness)
    path = harness.export(sft).path
    loaded = load(path)
    assert {name: part.num_rows for name, part in loaded.items()} == {"train": 2, "validation": 2}
    written = lines(path / "train.jsonl")
    for row, line in zip(loaded["train"], written, strict=True):
        assert json.loads(row["tools"]) == json.loads(line["tools"])
        # Older versions pad the other messages with `tool_calls: null`.
        shown = [{k: v for k, v in m.items() if v is not None} for m in row["messages"]]
        assert shown == line["messages"]


def test_a_dpo_file_loads(harness, dpo, lines, load):
    fill(harness)
    path = harness.export(dpo).path
    rows = load("json", data_files=str(path / "train.jsonl"), split="train")
    (line,) = lines(path / "train.jsonl")
    assert rows[0]["chosen"][0]["tool_calls"] == line["chosen"][0]["tool_calls"]
    assert rows[0]["prompt"] == line["prompt"]


@pytest.mark.parametrize("format", ["prompt_completion", "sharegpt", "kto", "grpo"])
def test_every_other_form_comes_back_as_it_was(harness, format, lines, load):
    fill(harness)
    path = exported(harness, "worker", format)
    loaded = load(path)["train"]
    written = lines(path / "train.jsonl")
    assert loaded.num_rows == len(written) > 0
    for row, line in zip(loaded, written, strict=True):
        assert {key: shown(value) for key, value in row.items()} == line


def test_alpaca_comes_back_as_it_was(harness, lines, load):
    fill(harness)
    harness.reflected(harness.item("rule_a"), "mutated 汉字")
    path = exported(harness, "reflector", "alpaca")
    assert list(load(path)["train"]) == lines(path / "train.jsonl")


def exported(harness, role: str, format: str):
    """Return the dataset of a role as the shipped recipe makes it."""
    config = compose(None, [f"role={role}", f"format={format}"]).export
    request = ExportRequest(harness.data_dir, config.name, "stig", role, format)
    return export([ExportPart(harness.skill, role, config)], request).path


def shown(value):
    """Return a value without the nulls that older versions fill messages up with."""
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items() if item is not None}
    return value
