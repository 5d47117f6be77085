"""Plan, download and unpack packages with apt, without installing any.

Makes every call of apt-get. A plan starts from an empty machine, so it lists
every package that the requested ones need, whatever is installed here. It
reads the machine's package lists; if they are missing or out of date, it
fetches lists into forge's home. The machine itself is not changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness_forge.core.errors import SandboxError

_MISSING = (
    "on another Linux copy the folder .forge/scap from a Debian or Ubuntu machine "
    "where `forge env setup` was run"
)
_NOT_UNPACKED = ("doc", "man", "locale", "info")


class Apt:
    """Packages of the machine's own distribution.

    Args:
        folder: for our own package lists and apt's other files.

    Raises:
        SandboxError: apt-get or dpkg-deb is not installed.
    """

    def __init__(self, folder: Path) -> None:
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise SandboxError("", "apt-get and dpkg-deb are not here", _MISSING)
        self._folder = folder
        self._options: list[str] = []
        if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
            self._fetch_lists()

    def plan(self, packages: Sequence[str]) -> dict[str, str]:
        """Return name and version of `packages` and of all their dependencies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        nothing = self._folder / "no-packages"
        nothing.touch()
        words = ["install", "-s", "--no-install-recommends", "-o", f"Dir::State::status={nothing}"]
        printed = self._ask([*words, *packages])
        return dict(re.findall(r"^Inst (\S+) \((\S+)", printed, re.MULTILINE))

    def download(self, packages: Sequence[str], folder: Path) -> list[Path]:
        """Download `packages`, each a name or `name=version`, and return the archives."""
        self._ask(["download", "-qq", *packages], folder)
        return sorted(folder.glob("*.deb"))

    def _ask(self, words: Sequence[str], cwd: Path | None = None) -> str:
        """Return what apt-get prints; on failure, fetch new lists and try once more."""
        try:
            return self._run(words, cwd)
        except SandboxError:
            if self._options:
                raise
            self._fetch_lists()
            return self._run(words, cwd)

    def _fetch_lists(self) -> None:
        for name in ("lists/partial", "cache/archives/partial"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._options = ["-o", f"Dir::State::Lists={self._folder}/lists"]
        self._options += ["-o", f"Dir::Cache={self._folder}/cache"]
        self._run(["update", "-qq"])

    def _run(self, words: Sequence[str], cwd: Path | None = None) -> str:
        # As root, apt would switch to a user who cannot write to forge's home.
        options = ["-o", "APT::Sandbox::User=root", *self._options]
        answer = subprocess.run(
            ["apt-get", words[0], *options, *words[1:]],
            capture_output=True,
            text=True,
            cwd=cwd,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        )
        if answer.returncode:
            errors = [line for line in answer.stderr.splitlines() if line.startswith("E: ")]
            what = (errors or answer.stderr.splitlines() or ["it says nothing"])[-1]
            raise SandboxError(
                f"apt-get {words[0]}",
                what.removeprefix("E: "),
                "check the network and apt's sources",
            )
        return answer.stdout


def unpack(archive: Path, folder: Path, member: str = "") -> None:
    """Unpack a package into `folder`, without its documentation.

    Args:
        member: the only file to unpack, such as `./usr/share/x`; '' for all.
    """
    words = ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", str(folder)]
    if member:
        words += ["--occurrence=1", member]
    else:
        words += [f"--exclude=./usr/share/{name}" for name in _NOT_UNPACKED]
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(archive)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # tar stops early at one member, and it would complain
    ) as source:
        answer = subprocess.run(words, stdin=source.stdout, capture_output=True, text=True)
    if answer.returncode and not member:
        last = (answer.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise SandboxError(archive.name, f"cannot be unpacked: {last}", "is the disk full?")
