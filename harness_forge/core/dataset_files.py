"""The names of the files in a dataset's folder, besides the data files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

MANIFEST = "manifest.json"
"""What the dataset is: its recipe, counts, and a hash of each file."""

LEDGER = "ledger.jsonl"
"""One line for each row read: kept with its lines, or rejected with a reason."""

HELD_OUT = "held_out.jsonl"
"""Hashes of held-out items and of their texts."""

ITEMS = "items.jsonl"
"""Every item that rows may be of, with its group and split."""

FEEDBACK = "feedback.jsonl"
"""The validation outcomes that weighted the rows."""

STALE = "stale.json"
"""Why the dataset must be made anew: rows of it were forgotten."""

CARD = "README.md"
"""The dataset's card, for people."""


def manifest_digest(folder: Path) -> str:
    """Return the sha256 of a dataset's manifest, by which adapters name it; '' without one."""
    manifest = folder / MANIFEST
    return sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""


def datasets_in(folder: Path, pattern: str = "**") -> list[Path]:
    """Return the datasets in a folder, sorted.

    Args:
        pattern: of the folders that are looked into; also those further down.
    """
    found = folder.glob(f"{pattern}/{MANIFEST}")
    return sorted(path.parent for path in found if (path.parent / LEDGER).exists())
