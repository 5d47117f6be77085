"""Get the scanner, the content and the sandbox from the distribution's packages.

Owns what `forge env setup` and `forge env doctor` do. As root, apt installs;
as an ordinary user the packages are fetched and unpacked under forge's home,
with the shared libraries that are missing. Of the content only the one
datastream is unpacked: the whole package holds 1.6 GB.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from harness_forge.environments.scap.config import ScapConfig
from harness_forge.environments.scap.sandbox import Tools
from harness_forge.errors import SandboxError

_CONTENT = "usr/share/xml/scap/ssg/content"
_SETUP = "run `forge env setup`"


def unpacked(home: Path) -> Path:
    """Return the folder into which packages are unpacked."""
    return home.absolute() / "scap" / "packages"


def find_datastream(config: ScapConfig, home: Path) -> Path:
    """Return the SCAP content that `config` names.

    Raises:
        SandboxError: it is neither a file, nor unpacked, nor installed.
    """
    for folder in (Path(), unpacked(home) / _CONTENT, Path("/") / _CONTENT):
        path = folder / config.datastream
        if path.is_file():
            return path.absolute()
    raise SandboxError(config.datastream, "no SCAP content of that name", _SETUP)


def find_tools(home: Path) -> Tools:
    """Return where the programs are, the system's own first.

    Raises:
        SandboxError: the scanner or bubblewrap is missing.
    """
    bwrap = _program("bwrap", home)
    if not bwrap:
        raise SandboxError("", "bubblewrap (bwrap) is not installed", _SETUP)
    if shutil.which("oscap"):
        return Tools(bwrap, shutil.which("tar") or "tar")
    if not (unpacked(home) / "usr/bin/oscap").is_file():
        raise SandboxError("", "the scanner (oscap) is not installed", _SETUP)
    return Tools(bwrap, shutil.which("tar") or "tar", scanner=str(unpacked(home)))


def _program(name: str, home: Path) -> str | None:
    local = unpacked(home) / "usr/bin" / name
    return shutil.which(name) or (str(local) if local.is_file() else None)


def scanner_version(tools: Tools) -> str:
    """Return what the scanner calls its version, such as `1.3.7`."""
    prefix = f"{tools.scanner}/usr" if tools.scanner else "/usr"
    environment = {"LD_LIBRARY_PATH": tools.libraries} if tools.scanner else {}
    answer = subprocess.run(
        [f"{prefix}/bin/oscap", "--version"], capture_output=True, text=True, env=environment
    )
    found = re.search(r"\(oscap\) (\S+)", answer.stdout)
    if not found:
        raise SandboxError("oscap", f"does not start: {answer.stderr.strip()[:200]}", _SETUP)
    return found.group(1)
