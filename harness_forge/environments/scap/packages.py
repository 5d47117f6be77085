"""Get the scanner, the content and the sandbox from the distribution's packages.

Owns `forge env setup`. As root, apt installs the programs; as an ordinary user
their packages, with those they depend on and the machine lacks, are fetched
and unpacked under forge's home. Of the content only the one datastream is
unpacked, whoever asks: the whole package holds 1.6 GB.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness_forge.environments.scap.config import ScapConfig
from harness_forge.environments.scap.sandbox import Tools
from harness_forge.errors import SandboxError

CONTENT = "usr/share/xml/scap/ssg/content"
PROGRAMS = {"oscap": "openscap-scanner", "bwrap": "bubblewrap", "newuidmap": "uidmap"}
"""Program -> the Debian package that brings it."""

SETUP_HINT = "run `forge env setup`"
_APT_MISSING = "install openscap-scanner and bubblewrap with this system's package manager"


def unpacked(home: Path) -> Path:
    """Return the folder into which packages are unpacked."""
    return home.absolute() / "scap" / "packages"


def find_datastream(config: ScapConfig, home: Path) -> Path:
    """Return the SCAP content that `config` names.

    Raises:
        SandboxError: it is neither a file, nor unpacked, nor installed.
    """
    for folder in (Path(), unpacked(home) / CONTENT, Path("/") / CONTENT):
        path = folder / config.datastream
        if path.is_file():
            return path.absolute()
    raise SandboxError(config.datastream, "no SCAP content of that name", SETUP_HINT)


def find_tools(home: Path) -> Tools:
    """Return where the programs are, the system's own first.

    Raises:
        SandboxError: the scanner or bubblewrap is missing.
    """
    bwrap = _program("bwrap", home)
    if not bwrap:
        raise SandboxError("", "bubblewrap (bwrap) is not installed", SETUP_HINT)
    tar = shutil.which("tar") or "tar"
    if shutil.which("oscap"):
        return Tools(bwrap, tar)
    folder = unpacked(home)
    if not (folder / "usr/bin/oscap").is_file():
        raise SandboxError("", "the scanner (oscap) is not installed", SETUP_HINT)
    return Tools(bwrap, tar, scanner=str(folder), libraries=_libraries(folder))


def scanner_version(tools: Tools) -> str:
    """Return what the scanner calls its version, such as `1.3.7`.

    Raises:
        SandboxError: it does not start.
    """
    base = Path(tools.scanner or "/")
    search = ":".join(str(base / folder) for folder in tools.libraries)
    answer = subprocess.run(
        [str(base / "usr/bin/oscap"), "--version"],
        capture_output=True,
        text=True,
        env={"LD_LIBRARY_PATH": search} if search else {},
    )
    found = re.search(r"\(oscap\) (\S+)", answer.stdout)
    if not found:
        last = (answer.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise SandboxError("oscap", f"the scanner does not start: {last}", SETUP_HINT)
    return found.group(1)


def setup(config: ScapConfig, home: Path) -> None:
    """Get whatever is missing; does nothing when nothing is.

    Raises:
        SandboxError: no apt, no network, or no such package.
    """
    missing = [package for name, package in PROGRAMS.items() if not _program(name, home)]
    if missing:
        _need_apt()
        if os.getuid() == 0:
            _install(missing)
        else:
            _unpack_programs(missing, home)
    try:
        find_datastream(config, home)
    except SandboxError:
        _need_apt()
        _unpack_datastream(config, home)


def _program(name: str, home: Path) -> str | None:
    local = unpacked(home) / "usr/bin" / name
    return shutil.which(name) or (str(local) if local.is_file() else None)


def _libraries(folder: Path) -> tuple[str, ...]:
    holders = {path.parent for path in folder.glob("**/*.so*")}
    return tuple(sorted(str(holder.relative_to(folder)) for holder in holders))


def _need_apt() -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise SandboxError("", "apt-get and dpkg-deb are not here", _APT_MISSING)


def _apt(words: Sequence[str], cwd: Path | None = None, *, quiet: bool = True) -> str:
    """Run apt-get and return what it prints; its last error line is ours."""
    options = ["-o", "APT::Sandbox::User=root", *(["-qq"] if quiet else [])]
    answer = subprocess.run(
        ["apt-get", *options, *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )
    if answer.returncode:
        errors = [line for line in answer.stderr.splitlines() if line.startswith("E: ")]
        what = (errors or answer.stderr.splitlines() or ["it says nothing"])[-1]
        raise SandboxError(
            f"apt-get {words[0]}", what.removeprefix("E: "), "check the network and apt's sources"
        )
    return answer.stdout


def _install(packages: Sequence[str]) -> None:
    words = ["install", "-y", "--no-install-recommends", *packages]
    try:
        _apt(words)
    except SandboxError:  # a fresh machine has no package lists yet
        _apt(["update"])
        _apt(words)


def _unpack_programs(packages: Sequence[str], home: Path) -> None:
    """Unpack packages and what they depend on, but not what the machine has."""
    options = _lists(home)
    planned = _apt(["install", "-s", "--no-install-recommends", *options, *packages], quiet=False)
    names = re.findall(r"^Inst (\S+)", planned, re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        _apt(["download", *options, *names], Path(folder))
        unpacked(home).mkdir(parents=True, exist_ok=True)
        for archive in sorted(Path(folder).glob("*.deb")):
            command = ["dpkg-deb", "-x", str(archive), str(unpacked(home))]
            subprocess.run(command, check=True, capture_output=True)


def _lists(home: Path) -> list[str]:
    """Return apt's options to know of packages; fetches lists where there are none."""
    if any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        return []
    if os.getuid() == 0:
        _apt(["update"])
        return []
    folder = home.absolute() / "scap" / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache"]
    _apt(["update", *options])
    return options


def _unpack_datastream(config: ScapConfig, home: Path) -> None:
    target = unpacked(home)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _apt(["download", *_lists(home), config.package], Path(folder))
        archive = next(Path(folder).glob("*.deb"))
        member = f"./{CONTENT}/{config.datastream}"
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(archive)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # tar stops early, and it would complain
        ) as source:
            unpack = ["tar", "-x", "--no-same-owner", "--occurrence=1", "-C", str(target), member]
            answer = subprocess.run(unpack, stdin=source.stdout, capture_output=True, text=True)
    if not (target / CONTENT / config.datastream).is_file():
        raise SandboxError(
            config.package,
            f"holds no {config.datastream}",
            answer.stderr.strip() or "see skill.scap.datastream",
        )
