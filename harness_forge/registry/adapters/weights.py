"""Reads the header of a safetensors file, without a tensor library."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError

_MAX_HEAD = 100_000_000
_REMEDY = "train the adapter again, or copy it again"


def head(path: Path) -> dict[str, dict[str, Any]]:
    """Return dtype, shape and offsets of each tensor by name.

    Raises:
        TrainError: the file is missing, cut off, or no safetensors file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > min(size, _MAX_HEAD):
                raise ValueError
            header = json.loads(file.read(length))
    except FileNotFoundError:
        raise TrainError(str(path), "is missing", _REMEDY) from None
    except (struct.error, ValueError):
        what = "is damaged: it has no safetensors head"
        raise TrainError(str(path), what, _REMEDY) from None
    header.pop("__metadata__", None)
    end = max((fact["data_offsets"][1] for fact in header.values()), default=0)
    if size != 8 + length + end:
        what = f"is damaged: {size} bytes instead of {8 + length + end}"
        raise TrainError(str(path), what, "it was cut off: train or copy it again")
    return header


def moved(path: Path, facts: dict[str, dict[str, Any]]) -> bool:
    """Return whether any `lora_B` differs from zero, its value at the start of training."""
    length = 8 + _head_bytes(path)
    with path.open("rb") as file:
        for name, fact in facts.items():
            if "lora_B" in name:
                begin, end = fact["data_offsets"]
                file.seek(length + begin)
                if any(file.read(end - begin)):
                    return True
    return False


def same(one: Path, other: Path) -> bool:
    """Return whether two files have the same tensors; other header fields do not count.

    Raises:
        TrainError: a file is missing, cut off, or no safetensors file.
    """
    headers = head(one), head(other)
    shapes = [{name: fact["shape"] for name, fact in half.items()} for half in headers]
    if shapes[0] != shapes[1]:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        starts = 8 + _head_bytes(one), 8 + _head_bytes(other)
        for name in headers[0]:
            raw = []
            for file, start, half in zip((first, second), starts, headers, strict=True):
                begin, end = half[name]["data_offsets"]
                file.seek(start + begin)
                raw.append(file.read(end - begin))
            if raw[0] != raw[1]:
                return False
    return True


def _head_bytes(path: Path) -> int:
    with path.open("rb") as file:
        return struct.unpack("<Q", file.read(8))[0]
