"""Space on the disks that forge writes to."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness_forge.core.files import existing, shown_path


@dataclass(frozen=True)
class DiskSpace:
    """One disk, by the first folder that is on it.

    Args:
        free, total: bytes; free for this user.
    """

    path: str
    free: int
    total: int


def disks(folders: Sequence[Path]) -> list[DiskSpace]:
    """Return the disks of some folders, each once; of a folder that is not there, its parent's."""
    found: dict[int, DiskSpace] = {}
    for folder in folders:
        place = existing(folder)
        device = place.stat().st_dev
        if device not in found:
            usage = shutil.disk_usage(place)
            found[device] = DiskSpace(shown_path(folder), usage.free, usage.total)
    return list(found.values())
