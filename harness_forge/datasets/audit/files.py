"""Checks that files match the manifest, and that its counts agree with each other.

Each check returns what it looked at, and the faults it found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.datasets.audit.dataset import SPLITS, Dataset
from harness_forge.datasets.audit.ledger import CheckResult

_OURS = (*SPLITS, "ledger", "items", "held_out", "feedback")


def hashes_match(dataset: Dataset) -> CheckResult:
    """Check every file against its hash in the manifest; report extra data files."""
    faults, size = [], 0
    named = dataset.manifest["files"]
    for name, facts in named.items():
        found = dataset.files[name]
        size += max(found.size, 0)
        if found.size < 0:
            faults.append(f"{name} is missing")
        elif found[:2] != (facts.get("bytes"), facts.get("sha256")):
            faults.append(f"{name} is not the file that was written")
    faults += [
        f"{path.name} is in no manifest"
        for path in sorted(dataset.path.iterdir())
        if path.name not in named and path.name.split(".")[0] in _OURS
    ]
    return f"{len(named)} files, {size} bytes", faults


def examples_match(dataset: Dataset) -> CheckResult:
    """Check that the manifest's counts agree with each other and with the files."""
    manifest = dataset.manifest
    rows = manifest.get("rows") or {}
    rejected = sum((rows.get("rejected") or {}).values())
    faults = []
    if rows.get("read") != rows.get("kept", 0) + rejected:
        faults.append(f"{rows.get('read')} rows read, {rows.get('kept')} kept, {rejected} rejected")
    for name, facts in manifest["files"].items():
        counted = dataset.files[name].lines
        if counted != facts.get("lines"):
            faults.append(f"{name} has {counted} lines, not {facts.get('lines')}")
    for split, count in (manifest.get("examples") or {}).items():
        lines = manifest["files"].get(dataset.data_files.get(split, ""), {}).get("lines", 0)
        if lines != count:
            faults.append(f"{count} {split} examples in {lines} lines")
    return f"{rows.get('read')} rows read = {rows.get('kept')} kept + {rejected} rejected", faults


def pairs_add_up(dataset: Dataset, unique_lines: int) -> CheckResult:
    """Check that every possible pair was made or has a reason, in total and in each part.

    Args:
        unique_lines: lines of the dataset that repeat no other.
    """
    manifest = dataset.manifest
    whole = manifest.get("pairs")
    if (fault := _pairs_fault(whole)) is not None:
        return "", [fault]
    faults = []
    if whole["made"] != unique_lines:
        faults.append(f"{whole['made']} pairs were made, and {unique_lines} are there")
    parts = [part["pairs"] for part in manifest.get("parts") or () if "pairs" in part]
    faults += [fault for part in parts if (fault := _pairs_fault(part)) is not None]
    if parts and not faults:
        counted = sum(part["possible"] for part in parts), sum(part["made"] for part in parts)
        if counted != (whole["possible"], whole["made"]):
            faults.append(f"{whole['possible']} possible pairs, of the parts {counted[0]}")
    missed = sum(whole["not_made"].values())
    return f"{whole['possible']} possible = {whole['made']} made + {missed} not made", faults


def _pairs_fault(said: Any) -> str | None:
    if not isinstance(said, Mapping) or not isinstance(said.get("not_made"), Mapping):
        return "the manifest does not count its pairs"
    possible, made, missed = said.get("possible"), said.get("made"), said["not_made"]
    numbers = [possible, made, *missed.values()]
    if not all(type(one) is int and one >= 0 for one in numbers):
        return "a count of pairs is no number"
    if possible != made + sum(missed.values()):
        return f"{possible} possible pairs, {made} made, {sum(missed.values())} not made"
    return None
