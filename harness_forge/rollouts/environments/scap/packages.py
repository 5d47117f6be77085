"""Get the content and the tools from the distribution's packages.

The work of `forge env setup`: everything is unpacked under forge's home, for
any user. Of the content only the one datastream is unpacked: the whole package
has 1.6 GB.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox.tools import SETUP_HINT, ensure
from harness_forge.worksets.apt import Apt, unpack

CONTENT = "usr/share/xml/scap/ssg/content"


def unpacked(home: Path) -> Path:
    """Return the folder of unpacked content."""
    return home.absolute() / "scap" / "packages"


def find_datastream(config: ScapConfig, home: Path) -> Path:
    """Return the SCAP content that `config` names.

    Raises:
        SandboxError: it is no file, and neither unpacked nor installed.
    """
    for folder in (Path(), unpacked(home) / CONTENT, Path("/") / CONTENT):
        path = folder / config.datastream
        if path.is_file():
            return path.absolute()
    raise SandboxError(config.datastream, "no SCAP content of that name", SETUP_HINT)


def setup(config: ScapConfig, home: Path, say: Callable[[str], None] = print) -> None:
    """Get what is missing; do nothing if nothing is.

    Raises:
        SandboxError: no apt, no network, or no such package.
    """
    ensure(home, say)
    try:
        find_datastream(config, home)
    except SandboxError:
        say(f"fetching {config.package} for {config.datastream}")
        _unpack_datastream(config, home)


def _unpack_datastream(config: ScapConfig, home: Path) -> None:
    target = unpacked(home)
    apt = Apt(target.with_name("apt"))
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        (archive,) = apt.download([config.package], Path(folder))
        unpack(archive, target, f"./{CONTENT}/{config.datastream}")
    if not (target / CONTENT / config.datastream).is_file():
        raise SandboxError(
            config.package, f"holds no {config.datastream}", "see skill.scap.datastream"
        )
