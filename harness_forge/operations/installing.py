"""Installs a workset: environment, pins, a smoke import, and last of all the stamp."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness_forge.errors import WorksetError
from harness_forge.operations.config import VariantConfig, WorksetConfig
from harness_forge.operations.worksets import (
    STAMP,
    digest,
    folder,
    interpreter,
    pick_variant,
    read_stamp,
    size_gb,
)

TORCH_INDEX = "FORGE_TORCH_INDEX_URL"
"""Variable with the package index that the pins of `first` come from; unset is pip's own."""

HEADROOM = 1.5
"""Disk that must be free, as a multiple of the finished size: wheels are unpacked beside it."""

Say = Callable[[str], None]


def install(name: str, config: WorksetConfig, home: Path, say: Say) -> bool:
    """Install a workset, or go on with an install that was killed.

    Args:
        say: told each step as it starts. pip writes its own progress.

    Returns:
        False if it was installed already, with the same pins.

    Raises:
        WorksetError: Python or disk does not fit, pip failed, or what was
            installed does not import. What is there stays for the next try.
    """
    variant_name, variant = pick_variant(name, config)
    place = folder(name, home)
    with _alone(name, place):
        stamp = read_stamp(place)
        if stamp and stamp["digest"] == digest(config, variant):
            return False
        check_python(name, config.python)
        check_disk(name, variant.disk_gb, place)
        started = time.monotonic()
        # Other pins make another workset: what is there is no longer what the stamp says.
        (place / STAMP).unlink(missing_ok=True)
        _environment(name, place, say)
        _packages(name, variant, place, say)
        _smoke(name, config, variant, place, say)
        minutes = round((time.monotonic() - started) / 60, 1)
        _write_stamp(config, variant_name, place, minutes)
    return True


def check_python(name: str, wanted: str) -> None:
    """Refuse a Python that the pins are not made for."""
    from packaging.specifiers import SpecifierSet

    version = ".".join(map(str, sys.version_info[:3]))
    if version not in SpecifierSet(wanted):
        hint = "set up forge with such a Python: make setup PYTHON=python3.11"
        raise WorksetError(f"workset {name}", f"needs Python {wanted}, this is {version}", hint)


def check_disk(name: str, needed_gb: float, place: Path) -> None:
    """Refuse to start an install that would fill the disk."""
    there = size_gb(place) if place.is_dir() else 0.0
    wanted = max(needed_gb * HEADROOM - there, 0.0)
    free = shutil.disk_usage(_existing(place)).free / 1e9
    if free < wanted:
        raise WorksetError(
            f"workset {name}",
            f"needs {wanted:.1f} GB of free disk while it installs, {free:.1f} GB is free",
            "free some, or set forge_home=DIR to a larger disk",
        )


def _existing(place: Path) -> Path:
    return next(parent for parent in (place, *place.absolute().parents) if parent.exists())


@contextmanager
def _alone(name: str, place: Path) -> Iterator[None]:
    """Hold the workset's lock; the system drops it when the process dies."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            what = "is being installed by another process"
            raise WorksetError(f"workset {name}", what, "wait for it to end") from None
        yield


def _environment(name: str, place: Path, say: Say) -> None:
    usable = interpreter(place).exists() and not _try([interpreter(place), "-m", "pip", "-V"], {})
    if usable:
        say("going on with the environment that is there")
        return
    say("making the environment")
    failed = _try([sys.executable, "-m", "venv", "--clear", str(place)], {})
    if failed:
        hint = "install your distribution's python3-venv package"
        raise WorksetError(f"workset {name}", "Python cannot make an environment", hint)


def _packages(name: str, variant: VariantConfig, place: Path, say: Say) -> None:
    python = interpreter(place)
    index = os.environ.get(TORCH_INDEX)
    if variant.first:
        say(f"installing {', '.join(variant.first)}")
        _pip(name, python, ["install", *variant.first, *(["--index-url", index] if index else [])])
    say(f"installing {', '.join(variant.pins)}")
    # The pins of `first` again, so that nothing else moves them.
    _pip(name, python, ["install", *variant.first, *variant.pins])
    if variant.remove:
        say(f"taking out {', '.join(variant.remove)}")
        _pip(name, python, ["uninstall", "--yes", *variant.remove])


def _pip(name: str, python: Path, words: Sequence[str]) -> None:
    code = subprocess.run([python, "-m", "pip", *words], env=_clean({}), check=False).returncode
    if code:
        raise WorksetError(
            f"workset {name}",
            f"pip could not {words[0]} (exit code {code}; its own words stand above)",
            f"run `forge workset install {name}` again: it goes on from here",
        )


def _smoke(name: str, config: WorksetConfig, variant: VariantConfig, place: Path, say: Say) -> None:
    say(f"importing {', '.join(variant.imports)}")
    code = "; ".join(f"import {module}" for module in variant.imports)
    said = _try([interpreter(place), "-c", code], config.environment)
    if said:
        raise WorksetError(f"workset {name}", f"does not import: {said.splitlines()[-1]}")


def _try(command: Sequence[str | Path], extra: Mapping[str, str]) -> str:
    """Run a command quietly; return '' if it worked, else what it said."""
    done = subprocess.run(command, env=_clean(extra), capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or done.stdout.strip() or "failed"


def _clean(extra: Mapping[str, str]) -> dict[str, str]:
    # What the caller's own environment adds to Python's path must not leak in.
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"} | dict(extra)


def _write_stamp(config: WorksetConfig, variant_name: str, place: Path, minutes: float) -> None:
    command = [interpreter(place), "-m", "pip", "freeze", "--all"]
    frozen = subprocess.run(command, env=_clean({}), capture_output=True, text=True, check=True)
    stamp = {
        "variant": variant_name,
        "digest": digest(config, config.variants[variant_name]),
        "python": ".".join(map(str, sys.version_info[:3])),
        "minutes": minutes,
        "disk_gb": round(size_gb(place), 2),
        "environment": dict(config.environment),
        "freeze": frozen.stdout.split("\n"),
    }
    half = place / f"{STAMP}.part"
    half.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    half.replace(place / STAMP)
