"""What is kept of a training that has ended: the adapter's package and its lineage."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.core.version import __version__
from harness_forge.registry.adapters import package
from harness_forge.registry.adapters.package import Adapter
from harness_forge.training.jobs import Job
from harness_forge.training.progress import summary

_TOOLS = ("accelerate", "axolotl", "bitsandbytes", "peft", "safetensors", "tokenizers", "torch",
          "transformers", "trl")  # fmt: skip
"""Packages whose versions a lineage tells."""


def packaged(job: Job, lineage: dict[str, Any]) -> Adapter:
    """Package the trained adapter, and delete its checkpoints; log and metrics stay."""
    adapter = package.package(job.work / "out", job.config.name, job.registry, lineage)
    shutil.rmtree(job.work / "out")
    return adapter


def lineage(job: Job, audit: dict[str, int]) -> dict[str, Any]:
    """Return the adapter's lineage: inputs and settings."""
    settings = {
        field.name: getattr(value := getattr(job.config, field.name), "name", value)
        for field in fields(job.config)
        # Paths, true on this machine only; and what is said of the recipe, not of one adapter.
        if field.name not in ("dataset", "out", "replicates", "start", "track")
    }
    return {
        "key": job.key,
        "forge_version": __version__,
        "tools": tools(job.python),
        "base": {
            "name": job.base.name,
            "title": job.base.title,
            "licence": job.card.licence,
            "digest": job.base.digest,
            "template": sha256(job.base.template.encode()).hexdigest(),
        },
        "dataset": {
            "name": job.data.folder.name,
            "rows": job.data.rows,
            "splits": job.data.splits,
            "digest": job.data.digest,
            "manifest": job.data.manifest,
            "licences": list(job.data.licences),
            # The slots that the adapter may become champion of.
            "skills": list(job.data.skills),
            "roles": list(job.data.roles),
            "prompt_contexts": list(job.data.contexts),
        },
        "train": settings | {"seed": job.seed},
        "audit": audit,
        "looks": job.looks,
        "measured": summary(job.metrics),
    }


def tools(python: Path) -> dict[str, str]:
    """Return the versions of what trains, by the packages beside an interpreter."""
    found = {}
    for folder in python.parent.parent.glob("lib/python3*/site-packages/*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
        if re.sub(r"[-_.]+", "-", name).lower() in _TOOLS:
            found[name] = version
    return dict(sorted(found.items()))
