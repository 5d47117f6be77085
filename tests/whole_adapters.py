"""Adapters with matrices of the shapes that their config says, for tests that look inside."""

import json
import struct
from pathlib import Path

import numpy as np
from loop_files import LINEAGE

from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, Adapter, package

FACTS = {"base_model_name_or_path": "small", "target_modules": ["q_proj", "v_proj"], "r": 2}


def matrices(weight: float = 0.25) -> dict[str, np.ndarray]:
    """Return the two matrices of each of two modules, of rank 2."""
    found = {}
    for module in ("q_proj", "v_proj"):
        head = f"base_model.model.model.layers.0.self_attn.{module}"
        found[f"{head}.lora_A.weight"] = np.full((2, 4), 0.5, dtype="<f4")
        found[f"{head}.lora_B.weight"] = np.full((6, 2), weight, dtype="<f4")
    return found


def written(tensors: dict[str, np.ndarray]) -> bytes:
    """Return a safetensors file."""
    head, data = {}, b""
    for name, values in tensors.items():
        raw = values.tobytes()
        offsets = [len(data), len(data) + len(raw)]
        head[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    return framed(head, data)


def framed(head: object, data: bytes) -> bytes:
    """Return a file with this head, whatever it says."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


def raw(place: Path, tensors: dict[str, np.ndarray], **facts) -> Path:
    """Write what a training leaves: config and weights."""
    place.mkdir(parents=True)
    (place / CONFIG).write_text(json.dumps(FACTS | facts))
    (place / WEIGHTS).write_bytes(written(tensors))
    return place


def packaged(home: Path, name: str = "mine", weight: float = 0.25, **lineage) -> Adapter:
    """Package an adapter into the registry of a home; another weight is another adapter."""
    source = home / "raw" / f"{name}-{weight}"
    folder = source if source.is_dir() else raw(source, matrices(weight))
    return package(folder, name, home / "adapters", LINEAGE | lineage)
