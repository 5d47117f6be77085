"""Worksets: external tools, each in a pinned environment of its own.

Axolotl, vLLM and forge cannot share an environment: their pins conflict.
Stages find these tools only through here, as subprocesses of `python_of`.

A workset is a folder `<home>/worksets/<name>` with a virtual environment and,
written last, a stamp. Without the stamp it is an install that was killed: the
next install goes on from what is there.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.workset import VariantConfig, WorksetConfig
from harness_forge.core.errors import WorksetError
from harness_forge.core.hints import did_you_mean
from harness_forge.worksets.hardware import has_nvidia
from harness_forge.worksets.locks import path_of, read

STAMP = "workset.json"


@dataclass(frozen=True)
class WorksetState:
    """The state of a workset on disk.

    Args:
        status: `missing`, `incomplete` (a killed install), `outdated` (its
            lock has changed since) or `installed`.
        disk_gb: size on disk, in 10^9 bytes; 0.0 where nothing is there.
        stamp: what the install wrote down: lock, freeze, minutes, size.
    """

    status: str
    disk_gb: float
    stamp: dict[str, Any]


def folder(name: str, home: Path) -> Path:
    """Return a workset's folder, which may not exist."""
    return home / "worksets" / name


def log_of(name: str, home: Path) -> Path:
    """Return the path of pip's log of a workset's last install."""
    return home / "worksets" / f"{name}.log"


def packages_of(home: Path) -> Path:
    """Return uv's folder of unpacked packages; those of worksets are links to its files."""
    return home / "packages"


def package_of(name: str, package: str, home: Path) -> Path:
    """Return the folder of a package in an installed workset.

    Raises:
        WorksetError: the workset is not installed, or has no such package.
    """
    python_of(name, home)
    found = sorted(folder(name, home).glob(f"lib/python3*/site-packages/{package}"))
    if not found:
        remedy = f"`forge workset remove {name}`, then `forge workset install {name}`"
        raise WorksetError(f"workset {name}", f"has no package {package}", remedy)
    return found[0].absolute()


def python_of(name: str, home: Path) -> Path:
    """Return the interpreter of an installed workset.

    Raises:
        WorksetError: it is not installed, or its install was killed.
    """
    workset = folder(name, home)
    remedy = f"run `forge workset install {name}`"
    if not workset.is_dir():
        raise WorksetError(f"workset {name}", "is not installed", remedy)
    if not read_stamp(workset):
        raise WorksetError(f"workset {name}", "its install did not end", f"{remedy}: it goes on")
    python = interpreter(workset)
    if not python.exists():
        gone = "its Python is gone"
        raise WorksetError(f"workset {name}", gone, f"run `forge workset remove {name}`; {remedy}")
    return python


_NOT_HANDED_ON = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")


def environment_of(name: str, home: Path) -> dict[str, str]:
    """Return the environment for a workset's programs: quiet, offline, with its own PATH.

    Programs start programs (Axolotl execs accelerate), so PATH begins with the
    workset's own; what adds to Python's path from outside is left out. Compiled modules
    are kept, whatever the shell says: to compile transformers takes 8 s at each start.

    Raises:
        WorksetError: it is not installed, or its install was killed.
    """
    python = python_of(name, home)
    kept = {k: v for k, v in os.environ.items() if k not in _NOT_HANDED_ON}
    path = f"{python.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return kept | {"PATH": path} | read_stamp(folder(name, home))["environment"]


def interpreter(place: Path) -> Path:
    """Return the interpreter of a workset's folder; absolute, its links not followed."""
    return place.absolute() / "bin" / "python"


def read_stamp(place: Path) -> dict[str, Any]:
    """Return the stamp that the install of a workset wrote; {} if it did not complete."""
    try:
        return json.loads((place / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def state(name: str, config: WorksetConfig, home: Path, locks: Path) -> WorksetState:
    """Return the state of a workset on disk, with its size, compared with the locks in a folder."""
    workset = folder(name, home)
    if not workset.is_dir():
        return WorksetState("missing", 0.0, {})
    found = status(name, config, home, locks)
    return WorksetState(found, size_gb(workset), read_stamp(workset))


def status(name: str, config: WorksetConfig, home: Path, locks: Path) -> str:
    """Return the status that a workset's state has, without measuring it."""
    workset = folder(name, home)
    if not workset.is_dir():
        return "missing"
    stamp = read_stamp(workset)
    if not stamp:
        return "incomplete"
    _, variant = pick_variant(name, config, stamp["variant"])
    return "installed" if stamp["digest"] == digest(config, variant, locks) else "outdated"


def size_gb(place: Path) -> float:
    """Return the size of a folder in 10^9 bytes; a hard-linked file counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for path in place.rglob("*"):
        status = path.lstat()
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            total += status.st_blocks * 512
    return total / 1e9


def pick_variant(name: str, config: WorksetConfig, wanted: str = "") -> tuple[str, VariantConfig]:
    """Choose the variant for this machine; return it with its name.

    Raises:
        WorksetError: there is no such variant.
    """
    wanted = wanted or config.variant
    if not config.variants:
        hint = "`forge workset info` says more of it"
        raise WorksetError(f"workset {name}", f"is only declared: {config.instead}", hint)
    if wanted == "auto":
        wanted = "cuda" if "cuda" in config.variants and has_nvidia() else "cpu"
        if wanted not in config.variants:
            hint = f"it is installed all the same with worksets.{name}.variant=cuda"
            raise WorksetError(f"workset {name}", "needs an NVIDIA GPU; there is none here", hint)
    if wanted not in config.variants:
        known = ", ".join(config.variants) or "none"
        hint = f"{did_you_mean(wanted, config.variants)}variants: {known}"
        raise WorksetError(f"workset {name}", f"has no variant '{wanted}'", hint)
    return wanted, config.variants[wanted]


def shown_variant(name: str, config: WorksetConfig) -> tuple[str, VariantConfig] | None:
    """Return the variant for this machine, else the first one; None where it has none."""
    if not config.variants:
        return None
    try:
        return pick_variant(name, config)
    except WorksetError:
        return next(iter(config.variants.items()))


def digest(config: WorksetConfig, variant: VariantConfig, locks: Path) -> str:
    """Return a hash of what `variant` installs; sizes are not included."""
    path = path_of(variant, locks)
    lock = read(path).digest if path.is_file() else ""
    kept = [variant.first, variant.pins, config.environment, lock]
    return sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def remove(name: str, home: Path) -> bool:
    """Delete a workset; return False if there was none.

    Raises:
        WorksetError: it cannot be deleted.
    """
    workset = folder(name, home)
    if not workset.is_dir():
        return False
    # The stamp goes first: a removal that was killed leaves no workset that looks whole.
    (workset / STAMP).unlink(missing_ok=True)
    try:
        shutil.rmtree(workset)
    except OSError as error:
        raise WorksetError(f"workset {name}", f"cannot be removed: {error}") from error
    # Its files have a second name there, so they would still take their room. Other worksets
    # keep theirs; an install that is under way goes on with pip.
    shutil.rmtree(packages_of(home), ignore_errors=True)
    return True
