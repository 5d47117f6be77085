"""Makes a lock: uv resolves; files for unsupported machines are left out.

uv reads only metadata, for every Python and machine at once, in seconds; pip would
download every candidate, for one machine. The dependents of a package show whether only
a CUDA build needs it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from harness_forge.config.workset import VariantConfig, WorksetConfig
from harness_forge.core.errors import WorksetError
from harness_forge.worksets.locks import Lock, Locked, LockSection
from harness_forge.worksets.uv import find_uv

MACHINES = ("x86_64", "aarch64")
PYTHONS = tuple((3, minor) for minor in range(11, 20))
_CUDA = re.compile(r"nvidia-.*|cuda-.*|triton")
_NEWEST_GLIBC = 45


@dataclass
class _Resolved:
    """A package that uv chose: its version, marker, and dependents."""

    name: str
    version: str
    marker: str
    asked_by: list[str] = field(default_factory=list)


def make(name: str, config: WorksetConfig, variant: VariantConfig) -> tuple[Lock, list[str]]:
    """Resolve a variant's pins.

    Returns:
        Its lock; and a line for each package without a wheel for some machine.

    Raises:
        WorksetError: uv is missing, or finds no solution.
    """
    with tempfile.TemporaryDirectory() as folder:
        resolved, files = _resolve(name, variant, config.python, Path(folder))
    targets = _targets(config.python)
    first = {_plain(pin) for pin in variant.first}
    base = _reachable(resolved, {_plain(pin) for pin in variant.first + variant.pins}, first)
    packages, gaps = [], []
    for one in resolved:
        needing = [target for target in targets if _holds(one.marker, target)]
        if not needing:
            continue
        marker = one.marker if len(needing) < len(targets) else ""
        wheels, sdist = files[one.name, one.version]
        kept = [digest for wheel, digest in wheels if any(_fits(wheel, t) for t in needing)]
        part = LockSection.wheels if one.name in base else LockSection.cuda
        if one.name in first:
            part = LockSection.first
        if not kept:
            part, kept = LockSection.source, [sdist] if sdist else []
        else:
            bare = [t for t in needing if not any(_fits(wheel, t) for wheel, _ in wheels)]
            if bare:
                missing = ", ".join(f"{v[0]}.{v[1]} on {machine}" for v, machine in bare)
                gaps.append(f"{one.name} {one.version} has no wheel for Python {missing}")
        if not kept:
            raise WorksetError(
                f"workset {name}", f"{one.name} {one.version} has no file to install"
            )
        packages.append(Locked(one.name, one.version, marker, tuple(sorted(kept)), part))
    return Lock(tuple(variant.first + variant.pins), config.python, tuple(packages)), gaps


def _plain(pin: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=]", pin)[0]).lower()


def _resolve(name: str, variant: VariantConfig, python: str, folder: Path):
    uv = find_uv()
    if uv is None:
        raise WorksetError(f"workset {name}", "locks are made with uv", "pip install uv")
    words = ["pip", "compile", "--quiet", "--universal", "--python-version", _oldest(python)]
    words += ["--no-header", "--no-emit-index-url", "--annotation-style", "split"]
    asked = folder / "pins.in"
    asked.write_text("\n".join(variant.first + variant.pins) + "\n", encoding="utf-8")
    for flag, lines in (("--overrides", variant.overrides), ("--excludes", variant.without)):
        if lines:
            given = folder / f"{flag[2:]}.txt"
            given.write_text("\n".join(lines) + "\n", encoding="utf-8")
            words += [flag, str(given)]
    plain, exact = folder / "plain.txt", folder / "pylock.toml"
    for form, out in (("requirements.txt", plain), ("pylock.toml", exact)):
        command = [uv, *words, "--format", form, "--output-file", str(out), str(asked)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip() or f"uv ended with {done.returncode}"
            hint = "uv has settings of its own for the index: UV_DEFAULT_INDEX"
            raise WorksetError(f"workset {name}", f"cannot be resolved: {said}", hint)
    return list(_read_resolved(plain.read_text(encoding="utf-8"))), _read_files(exact)


def _oldest(python: str) -> str:
    (major, minor), _ = _targets(python)[0]
    return f"{major}.{minor}"


def _read_resolved(text: str) -> Iterator[_Resolved]:
    one = None
    for line in text.splitlines():
        if not line.startswith((" ", "#")) and line.strip():
            if one:
                yield one
            pin, _, marker = line.partition(" ; ")
            name, _, version = pin.strip().partition("==")
            one = _Resolved(_plain(name), version, marker.strip())
        elif one:
            asker = line.strip().removeprefix("#").strip().removeprefix("via").strip()
            one.asked_by += [asker] if asker else []
    if one:
        yield one


def _read_files(path: Path) -> dict[tuple[str, str], tuple[list[tuple[str, str]], str]]:
    """Return wheels as (file name, sha256) and the sdist's sha256, by name and version."""
    import tomllib

    known = {}
    for package in tomllib.loads(path.read_text(encoding="utf-8"))["packages"]:
        wheels = [
            (one.get("name") or one["url"].rpartition("/")[2], one["hashes"]["sha256"])
            for one in package.get("wheels", [])
        ]
        sdist = package.get("sdist", {}).get("hashes", {}).get("sha256", "")
        known[package["name"], package["version"]] = wheels, sdist
    return known


def _reachable(resolved: Sequence[_Resolved], roots: set[str], first: set[str]) -> set[str]:
    """Return the packages required even without a CUDA build of the first packages."""
    found, more = set(), roots
    while more:
        found |= more
        more = {
            one.name
            for one in resolved
            for asker in one.asked_by
            if asker in found and not (asker in first and _CUDA.fullmatch(one.name))
        } - found
    return found


_Target = tuple[tuple[int, int], str]


def _targets(python: str) -> list[_Target]:
    from packaging.specifiers import SpecifierSet

    fitting = SpecifierSet(python)
    versions = [v for v in PYTHONS if fitting.contains(f"{v[0]}.{v[1]}.0")]
    return [(version, machine) for version in versions for machine in MACHINES]


def _holds(marker: str, target: _Target) -> bool:
    from packaging.markers import Marker

    (major, minor), machine = target
    environment = {
        "python_version": f"{major}.{minor}",
        "python_full_version": f"{major}.{minor}.0",
        "platform_machine": machine,
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return not marker or Marker(marker).evaluate(environment)


def _fits(wheel: str, target: _Target) -> bool:
    from packaging.utils import parse_wheel_filename

    return not _tags(target).isdisjoint(parse_wheel_filename(wheel)[3])


@cache
def _tags(target: _Target) -> frozenset:
    from packaging.tags import compatible_tags, cpython_tags

    version, machine = target
    glibc = [f"manylinux_2_{minor}_{machine}" for minor in range(_NEWEST_GLIBC, 4, -1)]
    old = [f"manylinux{year}_{machine}" for year in ("2014", "2010", "1")]
    platforms = [*glibc, *old, f"linux_{machine}"]
    interpreter = f"cp{version[0]}{version[1]}"
    named = cpython_tags(version, platforms=platforms)
    return frozenset([*named, *compatible_tags(version, interpreter, platforms)])
