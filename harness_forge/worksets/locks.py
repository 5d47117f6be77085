"""Lock files: every package of a workset, with the sha256 of each installable file.

A lock is a requirements file that pip reads as it is. Its comments hold what
forge needs besides: the pins it was made for, and which part of the install
each package belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from harness_forge.config.workset import VariantConfig
from harness_forge.core.errors import WorksetError


class LockSection(Enum):
    """When a package is installed; the value is its heading in the file."""

    first = "first: by version; which build comes depends on the machine"
    wheels = "wheels"
    source = "built from source, with the setuptools above"
    cuda = "only beside a CUDA build of what comes first"


@dataclass(frozen=True)
class Locked:
    """One package of a lock.

    Args:
        marker: environments it is for, as in a requirements file; '' for all.
        hashes: sha256 of each file that may be installed, in hex.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    part: LockSection

    @property
    def pin(self) -> str:
        """Name and version, with the marker if any."""
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")

    @property
    def here(self) -> bool:
        """Whether it applies to this Python and machine."""
        from packaging.markers import Marker

        return not self.marker or Marker(self.marker).evaluate()


@dataclass(frozen=True)
class Lock:
    """A lock file.

    Args:
        pins: what it was made for.
        python: the versions of Python it was made for.
    """

    pins: tuple[str, ...]
    python: str
    packages: tuple[Locked, ...]

    @cached_property
    def digest(self) -> str:
        """Hash of its packages; comments do not count."""
        return sha256(requirements(self.packages).encode()).hexdigest()[:16]

    def part(self, *parts: LockSection) -> list[Locked]:
        """Return the packages of some parts that apply to this machine."""
        return [one for one in self.packages if one.part in parts and one.here]


def requirements(packages: Iterable[Locked]) -> str:
    """Return packages as a requirements file with hashes."""
    return "".join(
        " \\\n    ".join([one.pin, *(f"--hash=sha256:{known}" for known in one.hashes)]) + "\n"
        for one in packages
    )


def render(name: str, lock: Lock) -> str:
    """Return the text of a lock file."""
    head = [
        f"# Made by `forge workset lock {name}`, not by hand: every package of the workset,",
        "# with the sha256 of each file that may be installed on glibc Linux, x86_64 or aarch64.",
        f"# pins: {' '.join(lock.pins)}",
        f"# python: {lock.python}",
    ]
    text = "\n".join(head) + "\n"
    for part in LockSection:
        packages = [one for one in lock.packages if one.part is part]
        if packages:
            text += f"\n# {part.value}\n{requirements(packages)}"
    return text


def read(path: Path) -> Lock:
    """Read a lock file.

    Raises:
        WorksetError: it is missing, or not such a file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"the lock cannot be read: {error.strerror}"
        raise WorksetError(str(path), what, "make it: `forge workset lock NAME`") from error
    headings = {f"# {part.value}": part for part in LockSection}
    facts, packages, part = {"pins": "", "python": ""}, [], LockSection.wheels
    for line in text.replace("\\\n", " ").splitlines():
        key, _, value = line.removeprefix("# ").partition(": ")
        if line in headings:
            part = headings[line]
        elif line.startswith("# ") and key in facts:
            facts[key] = value
        elif line and not line.startswith("#"):
            packages.append(_package(path, line, part))
    return Lock(tuple(facts["pins"].split()), facts["python"], tuple(packages))


_LINE = re.compile(r"([\w.-]+)==([\w.+!-]+)(?: ; (.+?))?((?:\s+--hash=sha256:[0-9a-f]{64})+)\s*")


def _package(path: Path, line: str, part: LockSection) -> Locked:
    found = _LINE.fullmatch(line)
    if not found:
        what = f"'{line.split('--hash')[0].strip()[:80]}' is no pin with hashes"
        raise WorksetError(str(path), what, "make it again: `forge workset lock NAME`")
    name, version, marker, hashes = found.groups()
    known = tuple(word.rpartition(":")[2] for word in hashes.split())
    return Locked(name, version, marker or "", known, part)


def path_of(variant: VariantConfig, locks: Path) -> Path:
    """Return the path of a variant's lock."""
    return locks / f"{variant.lock}.txt"


def lock_of(name: str, variant: VariantConfig, locks: Path) -> Lock:
    """Return the lock that a variant is installed from.

    Raises:
        WorksetError: there is none, or it was made for other pins.
    """
    remedy = f"make one: `forge workset lock {name}`"
    if not variant.lock:
        raise WorksetError(f"workset {name}", "its variant names no lock", remedy)
    path = path_of(variant, locks)
    if not path.is_file():
        raise WorksetError(f"workset {name}", f"there is no lock {path}", remedy)
    lock = read(path)
    if set(lock.pins) != set(variant.first + variant.pins):
        changed = sorted(set(lock.pins) ^ set(variant.first + variant.pins))
        what = f"its lock was made for other pins ({', '.join(changed)})"
        raise WorksetError(f"workset {name}", what, remedy)
    return lock
