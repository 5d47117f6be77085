"""Reads the header of a safetensors file, without a tensor library."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError

SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
"""Bytes of a number, by the name of its type."""

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
    except (struct.error, ValueError, RecursionError):
        what = "is damaged: it has no safetensors head"
        raise TrainError(str(path), what, _REMEDY) from None
    if fault := _fault(header):
        raise TrainError(str(path), f"is damaged: {fault}", _REMEDY)
    header.pop("__metadata__", None)
    end = max((fact["data_offsets"][1] for fact in header.values()), default=0)
    if size != 8 + length + end:
        what = f"is damaged: {size} bytes instead of {8 + length + end}"
        raise TrainError(str(path), what, "it was cut off: train or copy it again")
    return header


def tensors(path: Path, facts: Mapping[str, Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the bytes of tensors, in the order of their facts in the head."""
    with path.open("rb") as file:
        # Offsets in the head count from the first tensor's first byte.
        start = 8 + struct.unpack("<Q", file.read(8))[0]
        for fact in facts.values():
            begin, end = fact["data_offsets"]
            file.seek(start + begin)
            yield file.read(end - begin)


def _fault(header: Any) -> str:
    """Return what is wrong with a head; '' if each tensor has its own bytes, as many as it needs.

    Bytes between tensors could hold anything, so there may be none.
    """
    if not isinstance(header, dict):
        return "its head is no object"
    spans = []
    for name, fact in header.items():
        if name == "__metadata__":
            continue
        try:
            shape, (begin, end) = fact["shape"], fact["data_offsets"]
            numbers = [*shape, begin, end]
            dtype = fact["dtype"]
        except (TypeError, KeyError, ValueError):
            return f"its head does not say where {name!r} is"
        if any(type(one) is not int or one < 0 for one in numbers) or not isinstance(dtype, str):
            return f"its head does not say where {name!r} is"
        if dtype in SIZES and end - begin != prod(shape) * SIZES[dtype]:
            return f"{name!r} has {end - begin} bytes, and {dtype} of {shape} has others"
        spans.append((begin, end))
    place = 0
    for begin, end in sorted(spans):
        if begin != place or end < begin:
            return "its tensors overlap, or leave bytes that are of none"
        place = end
    return ""


def moved(path: Path, facts: dict[str, dict[str, Any]]) -> bool:
    """Return whether any `lora_B` differs from zero, its value at the start of training."""
    last = {name: fact for name, fact in facts.items() if "lora_B" in name}
    return any(any(raw) for raw in tensors(path, last))


def same(one: Path, other: Path) -> bool:
    """Return whether two files have the same tensors; other header fields do not count.

    Raises:
        TrainError: a file is missing, cut off, or no safetensors file.
    """
    headers = head(one), head(other)
    shapes = [{name: fact["shape"] for name, fact in half.items()} for half in headers]
    if shapes[0] != shapes[1]:
        return False
    second = {name: headers[1][name] for name in headers[0]}
    pairs = zip(tensors(one, headers[0]), tensors(other, second), strict=True)
    return all(mine == theirs for mine, theirs in pairs)
