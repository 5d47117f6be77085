"""The rows by which two written datasets differ, by the ids in their ledgers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness_forge.core.dataset_files import datasets_in, manifest_digest
from harness_forge.datasets import stale


@dataclass(frozen=True)
class RowDifference:
    """The rows of two datasets.

    Args:
        added: ids of rows that only the second keeps, sorted.
        removed: ids of rows that only the first keeps, sorted.
        same: how many rows both keep.
    """

    added: list[str]
    removed: list[str]
    same: int


def dataset_with(manifest: str, data: Path) -> Path | None:
    """Return the dataset under a folder whose manifest has this sha256; None without one."""
    found = datasets_in(data) if manifest and data.is_dir() else []
    return next((one for one in found if manifest_digest(one) == manifest), None)


def row_difference(first: Path, second: Path) -> RowDifference:
    """Compare the rows that two datasets keep.

    An id names a row of the store. After a source was taken in again its rows have other
    ids, so they count as removed and added.

    Raises:
        ExportError: a ledger cannot be read.
    """
    before, after = set(stale.kept(first)), set(stale.kept(second))
    return RowDifference(sorted(after - before), sorted(before - after), len(before & after))
