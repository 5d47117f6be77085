"""Sources whose share of a dataset jumped against the dataset that it replaces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness_forge.core.dataset_files import MANIFEST
from harness_forge.core.jsontext import count_in, object_in
from harness_forge.core.numbers import counted, percent

JUMP = 0.1
"""By as much a source's share of the kept rows must have grown."""


def rows_before(folder: Path) -> dict[str, int] | None:
    """Return the kept rows by source of the dataset in a folder; None where none can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    found = object_in(object_in(object_in(manifest).get("seen")).get("evaluators"))
    rows = {name: number for name, one in found.items() if (number := count_in(one)) is not None}
    return rows or None


def sudden(before: Mapping[str, int] | None, now: Mapping[str, int]) -> list[str]:
    """Return a sentence for each source that was not there before, or has grown by `JUMP`.

    Args:
        before, now: kept rows by source; '' is no source.
    """
    if not before:
        return []
    was, total = sum(before.values()), sum(now.values())
    found = []
    for name, rows in sorted(now.items()):
        share = rows / total
        share_before = before.get(name, 0) / was if was else 0.0
        if not name or share - share_before < JUMP:
            continue
        first = f"{name} is {percent(share)} of the kept rows"
        if name in before:
            found.append(f"{first}, {percent(share_before)} in the dataset before")
        else:
            came = f"all {counted(rows, 'row')} came" if rows > 1 else "its row came"
            found.append(f"{first}: {came} since the dataset before")
    return found
