"""Files of a source: found in a folder, known again by the digest of what they hold."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness_forge.collect.sources import signatures, unpacking
from harness_forge.collect.sources.unpacking import beginning, faults, opened
from harness_forge.core.errors import SourceError

_BLOCK = 1 << 20
_RECORDS = re.compile(
    r"\.(?:json|jsonl|ndjson|jsonlines)(?:\.gz|\.zst)?$|\.(?:parquet|traj|eval)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds, unpacked: its length in bytes and its SHA-256.

    Args:
        earlier: digest of a shorter file that this one begins with, if such a
            one was asked for; the longest.
    """

    size: int
    digest: str
    earlier: str | None = None


def found(path: Path, pattern: str) -> list[Path]:
    """Return the files that `path` names: itself, or those of a folder, sorted.

    Raises:
        SourceError: nothing is there, or nothing fits the pattern.
    """
    if path.is_dir():
        _demand_a_look_into(path)
        files = sorted(entry for entry in path.glob(pattern) if entry.is_file())
        if not files:
            raise SourceError(str(path), f"holds no file like {pattern}", "set source.files")
        return files
    if not path.exists():
        hint = "" if path.is_absolute() else f"it is looked for in {Path.cwd()}"
        raise SourceError(str(path), "no such file or folder", hint)
    if path.is_fifo() or path.is_socket():
        raise SourceError(
            str(path), "is a pipe, which can be read once only", "write it to a file first"
        )
    return [path]


def _demand_a_look_into(folder: Path) -> None:
    # A pattern finds nothing in a folder that may not be read, and says nothing of it.
    try:
        os.scandir(folder).close()
    except PermissionError as error:
        raise unpacking.may_not_be_read(folder, error) from None


def passed_over(path: Path, pattern: str) -> list[str]:
    """Return what else in a folder looks like a file of records, by its place there, sorted.

    A pattern with `**` looks in the folders below by itself, and means what it leaves out.
    """
    if not path.is_dir() or "**" in pattern:
        return []
    read = set(found(path, pattern))
    others = (entry for entry in path.rglob("*") if entry not in read and not entry.is_dir())
    return sorted(
        str(place)
        for place in (entry.relative_to(path) for entry in others)
        if _RECORDS.search(place.name) and not any(part.startswith(".") for part in place.parts)
    )


def content(path: Path, known: Iterable[tuple[int, str]] = (), is_records: bool = False) -> Content:
    """Return size and digest of what a file holds, in one pass.

    A log that has grown since must not be taken for another one, so every
    known digest is tried on as many bytes as it was made of.

    Args:
        known: sizes and digests of contents read before.
        is_records: it is known to hold some, whatever its first bytes look like.

    Raises:
        SourceError: it cannot be unpacked to its end, or shows to be no file of records.
    """
    wanted: dict[int, set[str]] = {}
    for size, digest in known:
        wanted.setdefault(size, set()).add(digest)
    bounds = sorted(wanted)
    running, size, earlier = hashlib.sha256(), 0, None
    try:
        if not is_records:
            signatures.demand_records(path, beginning(path, signatures.LONGEST))
        with opened(path) as file:
            while True:
                room = next((bound for bound in bounds if bound > size), None)
                block = file.read(_BLOCK if room is None else min(_BLOCK, room - size))
                if not block:
                    break
                running.update(block)
                size += len(block)
                if running.hexdigest() in wanted.get(size, ()):
                    earlier = running.hexdigest()
    except faults() as error:
        raise unpacking.unreadable(path, error) from None
    return Content(size, running.hexdigest(), earlier)
