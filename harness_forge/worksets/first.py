"""Installs packages that have several builds: torch, with or without CUDA.

The build depends on where pip looks: the default index, or a file or index that the
user named. The lock has the hashes of the default index. A file of the user's choice is
accepted as it is, and its hash is recorded.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.worksets.locks import Locked
from harness_forge.worksets.pip import Pip, clean

TORCH_INDEX = "FORGE_TORCH_INDEX_URL"
"""Variable with the package index that such packages come from; unset is pip's own."""


def install_first(one: Locked, pip: Pip) -> dict[str, str]:
    """Install a package by version, and check the downloaded file.

    Returns:
        Its pin, the file's name and hash, and why it was taken.

    Raises:
        WorksetError: pip failed, or the index served a file that the lock does not know.
    """
    done = pip.python.parents[1] / f"{one.name}.json"
    if done.is_file():
        return json.loads(done.read_text(encoding="utf-8"))
    if pip.files:
        pip.install([one])
        known = {"pin": one.pin, "sha256": one.hashes[0], "taken": "from a bundle"}
    else:
        known = _judged(one, pip)
    done.write_text(json.dumps(known), encoding="utf-8")
    return known


def index_words() -> list[str]:
    """Return pip's options for the index of such packages."""
    index = os.environ.get(TORCH_INDEX)
    return ["--index-url", index] if index else []


def _judged(one: Locked, pip: Pip) -> dict[str, str]:
    report = pip.python.parents[1] / "report.json"
    # A file left by a killed install was not checked: install it again.
    words = ["install", "--no-deps", "--no-compile", "--force-reinstall", "--only-binary=:all:"]
    pip.run([*words, "--report", report, *index_words(), f"{one.name}=={one.version}"], 1)
    taken = json.loads(report.read_text(encoding="utf-8"))["install"][0]["download_info"]
    report.unlink()
    known = {
        "pin": one.pin,
        "file": taken["url"].rpartition("/")[2],
        "sha256": _sha256(taken["archive_info"]),
    }
    if known["sha256"] in one.hashes:
        return known | {"taken": "as the lock has it"}
    if taken["url"].startswith("file:"):
        return known | {"taken": "from a file that pip's settings name"}
    if os.environ.get(TORCH_INDEX):
        return known | {"taken": f"from {TORCH_INDEX}"}
    pip.run(["uninstall", "--yes", one.name])
    raise pip.fault(
        f"the lock does not know {known['file']} (sha256 {known['sha256']}); "
        f"if you trust the index it came from, name it: {TORCH_INDEX}=URL"
    )


def _sha256(archive: Mapping[str, Any]) -> str:
    # pip before 23.0 has one hash, as `sha256=HEX`.
    return archive["hashes"]["sha256"] if "hashes" in archive else archive["hash"].split("=")[1]


_ASKS = """
import sys
from importlib.metadata import requires
print("\\n".join(line for name in sys.argv[1:] for line in requires(name) or []))
"""


def cuda_names(python: Path, first: Sequence[Locked], beside: Sequence[Locked]) -> set[str]:
    """Return the CUDA packages that the installed first packages require."""
    command = [python, "-c", _ASKS, *(one.name for one in first)]
    done = subprocess.run(command, env=clean(), capture_output=True, text=True, check=True)
    return asked(done.stdout.splitlines()) & {one.name for one in beside}


def asked(lines: Sequence[str]) -> set[str]:
    """Return the names of requirements that apply on this machine, without extras."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    wanted = [Requirement(line) for line in lines if line]
    return {
        canonicalize_name(one.name)
        for one in wanted
        if not one.marker or one.marker.evaluate({"extra": ""})
    }
