"""Adapters that each answer differently, made of one by turning its weights about."""

import json
import struct

import numpy as np

from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, Adapter, load, package


def altered(config, name: str, seed: int) -> Adapter:
    """Package a like adapter with other weights, of the registry's newest of that name."""
    from pathlib import Path

    home = Path(config.forge_home)
    first = load(next(p for p in sorted(registry.folder(home).glob(f"{name}-*"))))
    place = home / "raw-altered" / f"{name}-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    (place / CONFIG).write_text((first.folder / CONFIG).read_text())
    (place / WEIGHTS).write_bytes(turned((first.folder / WEIGHTS).read_bytes(), seed))
    facts = {k: v for k, v in first.lineage.items() if k not in ("name", "digest")}
    made = package(place, name, registry.folder(home), facts)
    # The name goes on meaning the first.
    link = registry.folder(home) / name
    link.unlink()
    link.symlink_to(first.folder.name)
    return made


def turned(raw: bytes, seed: int) -> bytes:
    """Return a safetensors file with each `lora_B` shuffled; all its numbers are float32."""
    end = 8 + struct.unpack("<Q", raw[:8])[0]
    data, rng = bytearray(raw), np.random.default_rng(seed)
    for tensor, facts in json.loads(raw[8:end]).items():
        if "lora_B" in tensor:
            assert facts["dtype"] == "F32"
            a, b = (end + offset for offset in facts["data_offsets"])
            weights = np.frombuffer(raw[a:b], dtype="<f4")
            data[a:b] = (rng.permutation(weights) * rng.uniform(0.9, 1.1)).astype("<f4").tobytes()
    return bytes(data)
