"""Shared libraries that wheels are linked against and a bare machine lacks.

They are unpacked from the distribution's packages into the workset; nothing is
installed on the machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness_forge.core.errors import SandboxError, WorksetError
from harness_forge.worksets.apt import Apt, unpack
from harness_forge.worksets.pip import Say, attempt
from harness_forge.worksets.worksets import interpreter

_FOLDER = "shared-libraries"


def find_libraries(
    name: str, wanted: Mapping[str, str], place: Path, home: Path, say: Say
) -> dict[str, str]:
    """Return the variable by which a workset's programs find `wanted`; {} if the machine has all.

    Args:
        wanted: file name of each library to the Debian package that holds it.
        place: the workset's folder.

    Raises:
        WorksetError: the machine lacks one, and its packages cannot be fetched.
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
            for archive in Apt(home.absolute() / "scap/apt").download(packages, Path(scratch)):
                unpack(archive, tree)
    except (SandboxError, OSError) as error:
        why = error.what if isinstance(error, SandboxError) else error.strerror or error
        what = f"needs {', '.join(lacking)}, which the machine lacks; {why}"
        hint = f"install your distribution's package, on Debian {', '.join(packages)}"
        raise WorksetError(f"workset {name}", what, hint) from error
    folders = sorted({str(found.parent) for file in lacking for found in tree.rglob(file)})
    return {"LD_LIBRARY_PATH": ":".join(folders)}


def _loads(file: str, place: Path) -> bool:
    return not attempt([interpreter(place), "-c", f"import ctypes; ctypes.CDLL({file!r})"], {})
