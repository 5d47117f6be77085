"""The bill of materials of an adapter, in CycloneDX's form for models (ML-BOM), version 1.6.

It is made of the lineage and of the files' hashes alone: the same adapter has the same bytes,
so there is no time in it. What the lineage does not say stands there as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from harness_forge.registry.adapters.parents import manifests_of, parents_of

BOM, UNKNOWN = "bom.cdx.json", "unknown"
SECOND_STAGES = ("dpo", "kto", "grpo")
"""Keys of a lineage that say which second stage made the adapter; none of them: examples did."""
_OWN = "harness-forge"
_SPDX = (
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0",
    "GPL-2.0-only", "GPL-3.0-only", "ISC", "LGPL-3.0-only", "MIT", "MPL-2.0", "Unlicense",
)  # fmt: skip
"""Licences given by their SPDX id; the others by name."""

Facts = Mapping[str, Any]


def written(lineage: Facts, folder: Path) -> str:
    """Return the bill of an adapter whose other files are in a folder, as JSON.

    Args:
        lineage: of the adapter, its name and digest included.
    """
    name, digest = str(lineage["name"]), str(lineage["digest"])
    adapter = f"adapter:{digest[:12]}"
    parts = [_base(lineage), _dataset(lineage), *_parent(lineage), *_tools(lineage)]
    needs = [one["bom-ref"] for one in parts if one["type"] != "library"]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{_OWN}:{name}:{digest}')}",
        "version": 1,
        "metadata": {
            "tools": {"components": [_forge(lineage)]},
            "component": _adapter(lineage, adapter, folder),
        },
        "components": parts,
        "dependencies": [
            {"ref": adapter, "dependsOn": needs},
            *({"ref": one["bom-ref"]} for one in parts),
        ],
    }
    return json.dumps(bill, indent=1) + "\n"


def _forge(lineage: Facts) -> dict[str, Any]:
    version = str(lineage.get("forge_version") or UNKNOWN)
    return {"type": "application", "name": _OWN, "version": version}


def _adapter(lineage: Facts, ref: str, folder: Path) -> dict[str, Any]:
    train = _part(lineage, "train")
    card: dict[str, Any] = {"datasets": [{"ref": "dataset"}]}
    second = next((kind for kind in SECOND_STAGES if kind in lineage), None)
    method = second.upper() if second else "supervised fine-tuning"
    if made := _part(lineage, "merge"):
        method = f"merge of adapters ({made.get('method')})"
    elif second is None:
        card["approach"] = {"type": "supervised"}
    said = {
        "digest of config and weights": lineage["digest"],
        "method": method,
        "adapter": train.get("adapter"),
        "rank": train.get("rank"),
        "alpha": train.get("alpha"),
        "seed": train.get("seed"),
        "precision": train.get("precision"),
        "hardware": train.get("hardware"),
        "key of the training": lineage.get("key"),
    }
    return {
        "type": "machine-learning-model",
        "bom-ref": ref,
        "name": str(lineage["name"]),
        "version": str(lineage["digest"])[:12],
        "description": "A LoRA adapter. Whoever trained it decides its licence",
        "licenses": _licences(None),
        "modelCard": {"modelParameters": card},
        "components": list(_files(folder)),
        "properties": _properties(said),
    }


def _files(folder: Path) -> Iterator[dict[str, Any]]:
    # Neither card nor signature: each may be written anew, and the bill stays.
    for name in ("adapter_config.json", "adapter_model.safetensors", "lineage.json"):
        with (folder / name).open("rb") as file:
            held = {"alg": "SHA-256", "content": file_digest(file, "sha256").hexdigest()}
        yield {"type": "file", "name": name, "hashes": [held]}


def _base(lineage: Facts) -> dict[str, Any]:
    base = _part(lineage, "base")
    return {
        "type": "machine-learning-model",
        "bom-ref": "base",
        "name": str(base.get("name") or UNKNOWN),
        "description": str(base.get("title") or UNKNOWN),
        "licenses": _licences(base.get("licence")),
        "properties": _properties(
            {
                "digest of its files": base.get("digest"),
                "sha256 of the chat template": base.get("template"),
            }
        ),
    }


def _dataset(lineage: Facts) -> dict[str, Any]:
    data = _part(lineage, "dataset")
    name = str(data.get("name") or UNKNOWN)
    quoted = [str(text) for text in data.get("licences") or ()]
    said = {
        "rows": data.get("rows"),
        "sha256 of the rows": data.get("digest"),
        "sha256 of the manifest": _listed(manifests_of(lineage)),
        "splits": _listed(data.get("splits")),
        "skills": _listed(data.get("skills")),
        "roles": _listed(data.get("roles")),
        "prompt contexts": _listed(data.get("prompt_contexts")),
    }
    return {
        "type": "data",
        "bom-ref": "dataset",
        "name": name,
        "description": "Its manifest and ledger name the row of the store behind every line",
        "licenses": [{"license": {"name": f"quotes {text}"}} for text in quoted] or _licences(None),
        "data": [{"type": "dataset", "name": name}],
        "properties": _properties(said),
    }


def _parent(lineage: Facts) -> Iterator[dict[str, Any]]:
    started = "The adapter that this training started from"
    for number, parent in enumerate(parents_of(lineage), start=1):
        digest, weight = str(parent["digest"]), parent.get("weight")
        said = {"digest of config and weights": digest}
        yield {
            "type": "machine-learning-model",
            "bom-ref": "parent" if number == 1 else f"parent:{number}",
            "name": str(parent.get("name") or UNKNOWN),
            "version": digest[:12],
            "description": started if weight is None else "An adapter that this one was merged of",
            "properties": _properties(said if weight is None else said | {"weight": weight}),
        }


def _tools(lineage: Facts) -> Iterator[dict[str, Any]]:
    """Yield what trained it, its version unknown where an old lineage does not say it."""
    for name, version in (_part(lineage, "tools") or {"axolotl": UNKNOWN}).items():
        yield {
            "type": "library",
            "bom-ref": f"tool:{name}",
            "name": str(name),
            "version": str(version),
            # The schema's word for what made a thing and is no part of it.
            "scope": "excluded",
        }


def _part(lineage: Facts, key: str) -> Facts:
    found = lineage.get(key)
    return found if isinstance(found, Mapping) else {}


def _licences(licence: object) -> list[dict[str, Any]]:
    text = str(licence or UNKNOWN)
    return [{"license": {"id": text} if text in _SPDX else {"name": text}}]


def _listed(values: Any) -> str | None:
    return ", ".join(map(str, values)) if values else None


def _properties(said: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": f"{_OWN}:{key}", "value": UNKNOWN if value in (None, "") else str(value)}
        for key, value in said.items()
    ]
