"""Say what the `scap` world lacks on this machine, each with its remedy.

Owns the checks of `forge env doctor`. Nothing is assumed: the scanner is
started, a sandbox is made, a rule is judged in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness_forge.environments.scap import packages, root
from harness_forge.environments.scap.config import ScapConfig
from harness_forge.environments.scap.sandbox import Limits, Sandbox, uid_map
from harness_forge.errors import SandboxError

_MAPS = {
    "root": "many uids, taken from a range that nobody uses; never uid 0",
    "subuid": "many uids, from this user's range in /etc/subuid",
    "single": "one uid: fine, but rules about ownership cannot be attempted",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the world needs.

    Args:
        name: such as `scanner`; ok: it is there.
        said: what was found, or what is wrong and what can be done, one line.
    """

    name: str
    ok: bool
    said: str

    def __str__(self) -> str:
        return f"{'ok' if self.ok else 'no':<3} {self.name:<10} {self.said}"


def doctor(config: ScapConfig, home: Path) -> list[Check]:
    """Return what was found of everything that `config` needs."""
    return [
        _check("content", lambda: str(packages.find_datastream(config, home))),
        _check("scanner", lambda: _scanner(home)),
        _check("root", lambda: root.recipe_of(config.platform).tree),
        _check("uids", lambda: _MAPS[uid_map()["kind"]]),
        _check("sandbox", lambda: _sandbox(config, home)),
    ]


def _check(name: str, find: Callable[[], str]) -> Check:
    try:
        return Check(name, True, find())
    except SandboxError as error:
        where = f"{error.where}: " if error.where else ""
        return Check(name, False, f"{where}{error.what}; {error.hint}")


def _scanner(home: Path) -> str:
    tools = packages.find_tools(home)
    folder = tools.scanner or "the system"
    return f"OpenSCAP {packages.scanner_version(tools)} of {folder}"


def _sandbox(config: ScapConfig, home: Path) -> str:
    box = Sandbox(packages.find_tools(home), root.disk(config.platform))
    try:
        applied = box.apply("test -d /etc && ! touch /proc/sys/x", Limits(wall_s=10))
    finally:
        box.close()
    if applied.rc:
        raise SandboxError("", f"the sandbox misbehaves: {applied.output.strip()}", "report this")
    return "bubblewrap without privileges, capped, no network"
