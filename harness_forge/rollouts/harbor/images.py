"""A task's two images: the agent's, without the check, and the verifier's, with the judge.

The verifier is a container of its own: nothing that an agent did to its machine (a shell
function in place of a program, a preloaded library, a clock) is there when the answer is
judged. Only the answer's files are carried over.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from harness_forge.core.errors import RunError

ROOMS = ("core", "config", "worksets", "rollouts/environments", "rollouts/harbor")
"""What the judge consists of; it needs no more than these, and no package but lxml."""

ANSWER = "/app/answer"
HOST = "/host"
ARCHIVE, ROOT = "forge.tar.gz", "root.tar.gz"
_SUFFIXES = (".py", ".root", ".sh", ".json", ".txt")
_LEFT_OUT = {"__pycache__", "starter"}

COMPOSE = """\
# The judge runs answers in a sandbox made of user namespaces, which Docker forbids by default.
services:
  main:
    cap_add: [SYS_ADMIN]
    security_opt: ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]
"""

TEST = """\
#!/bin/bash
# Judges the answer as forge does, guard included, and writes the reward.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${FORGE_PYTHON:-python3}" -m harness_forge.rollouts.harbor.judging judge "$here" \\
  "${FORGE_ANSWER:-/app/answer}" "${FORGE_LOGS:-/logs/verifier}" "${FORGE_HOME:-/opt/forge/home}"
"""


def base_image(release: str) -> str:
    """Return the image of a distribution: `debian:12` for `debian12`.

    Raises:
        RunError: the release is named in another form.
    """
    found = re.fullmatch(r"([a-z]+)([\d.]+)", release)
    if not found:
        what = f"the sandbox's tools are of {release!r}, of which no image is known"
        raise RunError("forge env export harbor", what, "export on Debian or Ubuntu")
    return ":".join(found.groups())


def agent(image: str, *, root: bool) -> str:
    """Return the Dockerfile of the agent's machine.

    Args:
        root: whether a copy of the host to be fixed lies at `/host`, from `ROOT` beside it.
    """
    lines = [
        f"FROM {image}",
        "RUN apt-get update && apt-get install -y --no-install-recommends "
        "bash ca-certificates curl git python3 && rm -rf /var/lib/apt/lists/*",
        f"RUN mkdir -p {ANSWER}",
    ]
    if root:
        lines.append(f"ADD {ROOT} {HOST}/")
    return "\n".join([*lines, "WORKDIR /app", ""])


def verifier(image: str, parts: Sequence[str], packages: Sequence[str]) -> str:
    """Return the Dockerfile of the machine that judges.

    Args:
        parts: words for `judging prepare`: what is fetched while the image is built.
        packages: Python packages that the judge's commands import, as `name==version`.
    """
    lines = [
        f"FROM {image}",
        "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates "
        "python3 python3-lxml python3-venv uidmap util-linux",
        f"ADD {ARCHIVE} /opt/forge/",
        "ENV PYTHONPATH=/opt/forge PYTHONDONTWRITEBYTECODE=1",
    ]
    if packages:
        lines += [
            "RUN python3 -m venv --system-site-packages /opt/forge/venv && "
            f"/opt/forge/venv/bin/pip install --no-cache-dir {' '.join(packages)}",
            "ENV FORGE_PYTHON=/opt/forge/venv/bin/python",
        ]
    prepare = " ".join(["/opt/forge/home", *parts])
    lines += [
        f"RUN python3 -m harness_forge.rollouts.harbor.judging prepare {prepare}",
        "COPY . /tests/",
        "WORKDIR /tests",
        "",
    ]
    return "\n".join(lines)


def forge_archive() -> bytes:
    """Return the rooms that judge as a compressed tar; the same bytes for the same files."""
    package = Path(str(files("harness_forge")))
    found = [package / "__init__.py", package / "rollouts/__init__.py"]
    for room in ROOMS:
        found += [
            path
            for path in sorted((package / room).rglob("*"))
            if path.suffix in _SUFFIXES or _is_program(path)
        ]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as made:
        for path in found:
            if _LEFT_OUT.isdisjoint(path.parts):
                data = path.read_bytes()
                info = tarfile.TarInfo(path.relative_to(package.parent).as_posix())
                info.size, info.mode = len(data), 0o644
                made.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _is_program(path: Path) -> bool:
    """Return whether a file is a stub command of a root: they have no suffix."""
    return not path.suffix and path.is_file()
