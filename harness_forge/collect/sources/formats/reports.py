"""What an evaluation of SWE-bench says of an instance, in files beside a trajectory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.beside import json_beside
from harness_forge.collect.sources.templates import Misfit

_PASSED = frozenset(("resolved_ids", "resolved", "resolved_instances"))
_FAILED = frozenset(
    ("unresolved_ids", "unresolved", "empty_patch_ids", "no_generation", "unresolved_instances")
)


def resolved(path: Path, instance: str) -> bool | None:
    """Return whether an instance was resolved; None where no file says so.

    Instances whose evaluation broke down (`error_ids`) have no verdict.

    Raises:
        Misfit: files beside the trajectory say different things of it.
    """
    said: dict[bool, str] = {}
    for folder in dict.fromkeys((path.parent, path.parent.parent)):
        for file in sorted(folder.glob("*.json")):
            if file != path and (verdict := _verdict(file, instance)) is not None:
                said[verdict] = file.name
    if len(said) == 2:
        raise Misfit(
            f"outcomes contradict each other: {instance} is resolved by {said[True]} and not by"
            f" {said[False]}"
        )
    return next(iter(said), None)


def _verdict(file: Path, instance: str) -> bool | None:
    state = file.stat()
    passed, failed = _report(file, state.st_mtime_ns, state.st_size)
    if instance in passed and instance in failed:
        raise Misfit(f"outcomes contradict each other: {instance} is and is not in {file.name}")
    return True if instance in passed else False if instance in failed else None


@lru_cache(maxsize=256)
def _report(file: Path, *_: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return the instances that a report says were resolved, and were not."""
    nothing: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    if file.name.endswith(".traj.json"):
        return nothing
    try:
        held = json_beside(file)
    except (OSError, ValueError):
        return nothing
    if not isinstance(held, Mapping):
        return nothing
    passed = {one for key in _PASSED for one in _names(held.get(key))}
    failed = {one for key in _FAILED for one in _names(held.get(key))}
    for name, one in held.items():
        if isinstance(one, Mapping) and isinstance(one.get("resolved"), bool):
            (passed if one["resolved"] else failed).add(name)
    return frozenset(passed), frozenset(failed)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
