"""A model's passport: what its own files say of it, without loading it.

The card's head (`README.md`) is what its makers say; the rest is read off config and chat
template. Whether a repository of the Hub is gated or private stands in no file of a model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from harness_forge.registry.models.folder import BaseModel, described

_LARGEST = 1 << 20
_THOUGHTS = re.compile(r"<think|reasoning_content|enable_thinking|thinking")


def passport(base: BaseModel) -> dict[str, Any]:
    """Return what the files say, under names for people; what they do not say is left out."""
    head = _head(base.folder / "README.md")
    config = described(base.folder)
    template = base.template
    said = {
        "made from": _words(head.get("base_model")),
        "licence of its card": _words(head.get("license")),
        "architecture": _words(config.get("architectures")) or _words(config.get("model_type")),
        "longest context": config.get("max_position_embeddings"),
        "quantisation": (config.get("quantization_config") or {}).get("quant_method"),
        "chat template": sha256(template.encode()).hexdigest()[:12],
        "template shows tools": "yes" if "tools" in template else "no",
        "template shows reasoning": "yes" if _THOUGHTS.search(template) else "no",
        "measured, says its card": _measured(head.get("model-index")),
    }
    return {key: value for key, value in said.items() if value}


def _head(card: Path) -> Mapping[str, Any]:
    """Return the head of a card; {} where there is none that can be read."""
    try:
        with card.open(encoding="utf-8") as file:
            text = file.read(_LARGEST)
        parts = text.split("---\n", 2)
        found = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else {}
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _words(value: Any) -> str:
    many = value if isinstance(value, list) else [value]
    return ", ".join(one for one in many if isinstance(one, str))


def _measured(index: Any) -> str:
    """Return the results of a card's index as `data set: metric value`."""
    found = []
    for model in index if isinstance(index, list) else []:
        results = model.get("results") if isinstance(model, Mapping) else None
        for result in results if isinstance(results, list) else []:
            found += _results(result)
    return "; ".join(found[:10])


def _results(result: Any) -> list[str]:
    if not isinstance(result, Mapping) or not isinstance(result.get("metrics"), list):
        return []
    dataset = result.get("dataset")
    name = dataset.get("name") if isinstance(dataset, Mapping) else None
    return [
        f"{name}: {one.get('name') or one.get('type')} {one.get('value')}"
        for one in result["metrics"]
        if isinstance(one, Mapping)
    ]
