"""Reads a JSON file that lies beside a record, such as a verdict or a whole conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness_forge.collect.sources.texts import loads

_LARGEST = 256 << 20


def json_beside(file: Path) -> Any:
    """Return the value of a file; it is held in memory, so a very large one is refused.

    Raises:
        OSError: it is missing, or cannot be read.
        ValueError: it is no JSON, is nested too deeply, or is too large.
    """
    if file.stat().st_size > _LARGEST:
        raise ValueError(f"it is over {_LARGEST >> 20} MB")
    return loads(file.read_bytes())
