"""Publishes a reviewed dataset by copying it to a destination."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness_forge.core.errors import ExportError
from harness_forge.datasets.review import statement
from harness_forge.datasets.review.review import Review, digest_of, require_review
from harness_forge.datasets.stale import demand_fresh


def publish(folder: Path, destination: Path, home: Path) -> Review:
    """Copy a dataset to a new folder; return its review.

    The copy is compared with what was reviewed before it gets its name. Where the reviewer
    signed with a key, text and signature of the review lie beside it.

    Raises:
        ExportError: it is stale, it has no valid review, `destination` exists,
            it changed while it was copied, or the disk is full.
    """
    demand_fresh(folder)
    review = require_review(folder, home)
    require_free(destination)
    beside = statement.beside(destination)
    draft = destination.with_name(f".{destination.name}.{os.getpid()}")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, draft)
        if digest_of(draft)[0] != review.digest:
            raise ExportError(str(folder), "changed while it was copied", "review it again")
        statement.put(review, home, destination)
        draft.rename(destination)
    except OSError as error:
        raise ExportError(str(destination), error.strerror or str(error)) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if not destination.exists():
            for place in beside:
                place.unlink(missing_ok=True)
    return review


def require_free(destination: Path) -> None:
    """Refuse a destination that exists.

    Raises:
        ExportError: it is.
    """
    for place in (destination, *statement.beside(destination)):
        if not place.exists():
            continue
        hint = "publish to another path, or move it away"
        raise ExportError(str(place), "is there already", hint)
