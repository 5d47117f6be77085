"""What is kept of a training that has ended: the adapter's package and its lineage."""

from __future__ import annotations

import shutil
from dataclasses import fields
from hashlib import sha256
from typing import Any

from harness_forge import __version__
from harness_forge.registry.adapters import package
from harness_forge.registry.adapters.package import Adapter
from harness_forge.training.jobs import Job
from harness_forge.training.progress import summary


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
        if field.name not in ("dataset", "out")  # paths, true on this machine only
    }
    return {
        "key": job.key,
        "forge_version": __version__,
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
