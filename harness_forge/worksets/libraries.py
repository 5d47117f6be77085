"""Shared libraries that wheels are linked against and a bare machine lacks.

They are unpacked from the distribution's packages into the workset; nothing is
installed on the machine. A bundle carries the packages along.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from hashlib import file_digest
from pathlib import Path

from harness_forge.core.errors import SandboxError, WorksetError
from harness_forge.worksets.apt import Apt, unpack
from harness_forge.worksets.pip import Say, attempt
from harness_forge.worksets.worksets import interpreter

_FOLDER = "shared-libraries"


def find_libraries(
    name: str,
    wanted: Mapping[str, str],
    place: Path,
    home: Path,
    say: Say,
    carried: Mapping[str, Path] | None = None,
) -> dict[str, str]:
    """Return the variable by which a workset's programs find `wanted`; {} if the machine has all.

    Args:
        wanted: file name of each library to the Debian package that holds it.
        place: the workset's folder.
        carried: archives of a bundle by package, which apt is then not asked for; None asks it.

    Raises:
        WorksetError: the machine lacks one, and its packages cannot be fetched, or the
            bundle does not hold them.
    """
    lacking = {file: package for file, package in wanted.items() if not _loads(file, place)}
    if not lacking:
        return {}
    packages = sorted(set(lacking.values()))
    tree = place.absolute() / _FOLDER
    say(f"the machine lacks {', '.join(lacking)}: unpacking {', '.join(packages)}")
    try:
        tree.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=tree) as scratch:
            for archive in _archives(packages, carried, home, Path(scratch)):
                unpack(archive, tree)
    except (SandboxError, OSError) as error:
        why = error.what if isinstance(error, SandboxError) else error.strerror or error
        what = f"needs {', '.join(lacking)}, which the machine lacks; {why}"
        hint = f"install your distribution's package, on Debian {', '.join(packages)}"
        raise WorksetError(f"workset {name}", what, hint) from error
    folders = sorted({str(found.parent) for file in lacking for found in tree.rglob(file)})
    return {"LD_LIBRARY_PATH": ":".join(folders)}


def _archives(
    packages: Sequence[str], carried: Mapping[str, Path] | None, home: Path, scratch: Path
) -> list[Path]:
    if carried is None:
        return Apt(home.absolute() / "scap/apt").download(packages, scratch)
    if missing := [package for package in packages if package not in carried]:
        raise SandboxError("", f"the bundle holds no {', '.join(missing)}", "make it again")
    return [carried[package] for package in packages]


def bundle_libraries(
    name: str, wanted: Mapping[str, str], folder: Path, home: Path, say: Say
) -> list[dict[str, str | int]]:
    """Download the packages that hold `wanted` for a bundle; return an entry for each.

    All of them: what this machine has, another one may lack.

    Raises:
        WorksetError: they cannot be fetched.
    """
    packages = sorted(set(wanted.values()))
    if packages:
        say(f"{', '.join(packages)}, for machines that lack {', '.join(wanted)}")
    entries: list[dict[str, str | int]] = []
    for package in packages:
        try:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                apt = Apt(home.absolute() / "scap/apt")
                [archive] = apt.download([package], Path(scratch))
                file = archive.rename(folder / archive.name)
        except SandboxError as error:
            hint = "make the bundle on a Debian or Ubuntu machine with a network"
            what = f"its bundle needs Debian's {package}; {error.what}"
            raise WorksetError(f"workset {name}", what, hint) from error
        entries.append({"package": package, **described(file)})
    return entries


def described(file: Path) -> dict[str, str | int]:
    """Return what a bundle's list says of a file: name, hash and size."""
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    return {"file": file.name, "sha256": digest, "bytes": file.stat().st_size}


def _loads(file: str, place: Path) -> bool:
    return not attempt([interpreter(place), "-c", f"import ctypes; ctypes.CDLL({file!r})"], {})
