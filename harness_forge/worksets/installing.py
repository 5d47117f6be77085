"""Installs a workset from its lock: environment, packages, import test, and last the stamp."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.workset import VariantConfig, WorksetConfig
from harness_forge.core.errors import WorksetError
from harness_forge.core.files import existing, locked
from harness_forge.core.numbers import size as size_text
from harness_forge.worksets.first import TORCH_INDEX, cuda_names, install_first
from harness_forge.worksets.libraries import find_libraries
from harness_forge.worksets.locks import Lock, LockSection, lock_of
from harness_forge.worksets.pip import Pip, Say, attempt, clean
from harness_forge.worksets.worksets import (
    STAMP,
    digest,
    folder,
    interpreter,
    log_of,
    packages_of,
    pick_variant,
    read_stamp,
    size_gb,
)

__all__ = ["TORCH_INDEX", "check_disk", "check_python", "install"]

HEADROOM = 1.5
"""Free disk required, as a multiple of the finished size: wheels are unpacked beside it."""

BEGUN = "begun"
"""File of an environment with the digest of the packages that are being installed."""


@dataclass(frozen=True)
class Bundle:
    """The files of a lock in a folder, checked against it; see bundles.py.

    Args:
        lock: the lock, with the hash of what comes first as the bundle has it.
        libraries: archives with shared libraries, by the Debian package.
    """

    folder: Path
    lock: Lock
    libraries: Mapping[str, Path]


def install(
    name: str,
    config: WorksetConfig,
    home: Path,
    locks: Path,
    say: Say,
    show: Say = lambda text: None,
    bundle: Bundle | None = None,
) -> bool:
    """Install a workset, or resume a killed install.

    Args:
        locks: folder of the lock files.
        say: called with each step as it starts.
        show: called with the progress of a step, twice a second.
        bundle: every file of the lock, compared; None asks the index.

    Returns:
        False if it was installed already, from the same lock.

    Raises:
        WorksetError: Python or disk does not fit, pip failed, or what was
            installed does not import. What is there stays for the next try.
    """
    variant_name, variant = pick_variant(name, config)
    workset = folder(name, home)
    with _alone(name, workset):
        stamp = read_stamp(workset)
        wanted = digest(config, variant, locks)
        if stamp and stamp["digest"] == wanted:
            return False
        lock = bundle.lock if bundle else lock_of(name, variant, locks)
        check_python(name, config.python)
        check_disk(name, variant.disk_gb, workset)
        started = time.monotonic()
        # With another lock, the old stamp is no longer true.
        (workset / STAMP).unlink(missing_ok=True)
        log_of(name, home).unlink(missing_ok=True)
        _environment(name, workset, wanted, say)
        pip = _pip(name, home, show, bundle.folder if bundle else None)
        first = _packages(lock, pip, say)
        carried = bundle.libraries if bundle else None
        libraries = find_libraries(name, variant.libraries, workset, home, say, carried)
        variables = {**config.environment, **libraries}
        _smoke(name, variant, variables, workset)
        minutes = round((time.monotonic() - started) / 60, 1)
        _write_stamp(variables, variant_name, workset, wanted, minutes, first)
    return True


def _pip(name: str, home: Path, show: Say, files: Path | None) -> Pip:
    log = log_of(name, home)

    def fault(said: str) -> WorksetError:
        again = f"run `forge workset install {name}` again: it goes on from here"
        return WorksetError(
            f"workset {name}", f"pip could not install: {said}", f"all it said is in {log}; {again}"
        )

    return Pip(interpreter(folder(name, home)), log, fault, show, files, packages_of(home))


def check_python(name: str, wanted: str) -> None:
    """Check that the pins are made for this Python."""
    from packaging.specifiers import SpecifierSet

    version = ".".join(map(str, sys.version_info[:3]))
    fits = SpecifierSet(wanted)
    if version not in fits:
        other = next((f"3.{minor}" for minor in range(20, 8, -1) if f"3.{minor}.0" in fits), "3")
        # make keeps a .venv that is there, whatever its Python.
        hint = (
            f"put forge into an environment of such a Python: python{other} -m venv; "
            f"in a clone rm -r .venv, then make setup PYTHON=python{other}"
        )
        raise WorksetError(f"workset {name}", f"needs Python {wanted}, this is {version}", hint)


def check_disk(name: str, needed_gb: float, place: Path) -> None:
    """Check that the disk has room for an install."""
    there = size_gb(place) if place.is_dir() else 0.0
    wanted = max(needed_gb * HEADROOM - there, 0.0)
    free = shutil.disk_usage(existing(place)).free / 1e9
    if free < wanted:
        raise WorksetError(
            f"workset {name}",
            f"needs {size_text(wanted * 1e9)} of free disk while it installs, "
            f"{size_text(free * 1e9)} is free",
            "free some, or set forge_home=DIR to a larger disk",
        )


def _alone(name: str, place: Path) -> AbstractContextManager[None]:
    """Hold the workset's lock; the system releases it when the process dies."""
    what = "is being installed by another process"
    busy = WorksetError(f"workset {name}", what, "wait for it to end")
    return locked(place.parent / f"{name}.lock", busy)


def _environment(name: str, place: Path, wanted: str, say: Say) -> None:
    """Create an environment, or reuse that of a killed install from the same lock."""
    begun = place / BEGUN
    same = begun.is_file() and begun.read_text(encoding="utf-8") == wanted
    if same and not attempt([interpreter(place), "-m", "pip", "-V"], {}):
        say("going on with the environment that is there")
        return
    failed = attempt([sys.executable, "-m", "venv", "--clear", str(place)], {})
    if failed:
        hint = "install your distribution's python3-venv package"
        raise WorksetError(f"workset {name}", "Python cannot make an environment", hint)
    begun.write_text(wanted, encoding="utf-8")


def _packages(lock: Lock, pip: Pip, say: Say) -> list[dict[str, str]]:
    """Install a lock's packages; return facts about the packages installed first."""
    packages, source = lock.part(LockSection.wheels), lock.part(LockSection.source)
    names = [f"{one.name} {one.version}" for one in lock.part(LockSection.first)]
    say(", then ".join([*names, f"{len(packages) + len(source)} packages"]))
    first = [install_first(one, pip) for one in lock.part(LockSection.first)]
    beside = lock.part(LockSection.cuda)
    if beside and cuda_names(pip.python, lock.part(LockSection.first), beside):
        say(f"it is a CUDA build: {len(beside)} packages more")
        packages += beside
    pip.install(packages, "--only-binary=:all:")
    # With the setuptools of the lock: an isolated build would fetch an unchecked one.
    pip.install(source, "--no-build-isolation", "--use-pep517")
    return first


def _smoke(name: str, variant: VariantConfig, variables: Mapping[str, str], place: Path) -> None:
    code = "; ".join(f"import {module}" for module in variant.imports)
    said = attempt([interpreter(place), "-c", code], variables)
    if said:
        raise WorksetError(f"workset {name}", f"does not import: {said.splitlines()[-1]}")


def _write_stamp(
    variables: Mapping[str, str],
    variant_name: str,
    place: Path,
    wanted: str,
    minutes: float,
    first: list[dict[str, str]],
) -> None:
    command = [interpreter(place), "-m", "pip", "freeze", "--all"]
    frozen = subprocess.run(command, env=clean(), capture_output=True, text=True, check=True)
    stamp = {
        "variant": variant_name,
        "digest": wanted,
        "python": ".".join(map(str, sys.version_info[:3])),
        "minutes": minutes,
        "disk_gb": round(size_gb(place), 2),
        "environment": dict(variables),
        "first": first,
        "freeze": frozen.stdout.split("\n"),
    }
    half = place / f"{STAMP}.part"
    half.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    half.replace(place / STAMP)
