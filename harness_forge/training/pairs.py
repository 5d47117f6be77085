"""Preference pairs for a second stage: checks them, and samples which to train on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.training import dataset
from harness_forge.training.dataset import TrainingRows, conversation_fault


def read(folder: Path) -> TrainingRows:
    """Read a dataset, and check that all training rows are pairs of two different answers.

    Raises:
        TrainError: there is none, it is empty, or a row is not what it should be.
    """
    return dataset.read(folder, _fault, key="dpo.dataset")


def draw(train: Path, limit: int | None, seed: int) -> list[dict[str, Any]]:
    """Sample at most `limit` pairs, spread over work items, reproducibly.

    Item after item gives its first pair, then its second, and so on: an export
    puts the failures that came nearest to passing first. The order of items is
    that of a hash with `seed`.
    """
    rows = [json.loads(line) for line in train.read_bytes().splitlines()]
    if limit is None or limit >= len(rows):
        return rows
    ranked = _ranked(rows, seed)
    return [rows[number] for number in sorted(ranked[:limit])]


def _ranked(rows: Sequence[dict[str, Any]], seed: int) -> list[int]:
    """Return row numbers in sampling order."""
    turns: dict[str, int] = {}
    keys = []
    for number, row in enumerate(rows):
        item = str(row.get("item_id", number))
        turn = turns[item] = turns.get(item, -1) + 1
        order = sha256(f"{seed} {item}".encode()).hexdigest()
        keys.append((turn, order, number))
    return [number for _, _, number in sorted(keys)]


def _fault(row: Any) -> str:
    if not isinstance(row, dict):
        return "is not an object"
    if "messages" in row and "chosen" not in row:
        return "is an example, not a preference pair; export with format=dpo"
    for name in ("prompt", "chosen", "rejected"):
        if not isinstance(row.get(name), list) or not row[name]:
            return f"has no {name}"
    for name in ("chosen", "rejected"):
        if fault := conversation_fault(row["prompt"] + row[name]):
            return f"{name}: {fault}"
    if row["chosen"] == row["rejected"]:
        return "prefers an answer to itself"
    return ""
