"""Report what the `scap` environment lacks on this machine, with a remedy for each.

The checks of `forge env doctor`. They assume nothing: they start the scanner,
make a sandbox, and read the package database in it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox import tools
from harness_forge.rollouts.environments.sandbox.checks import Requirement, check
from harness_forge.rollouts.environments.sandbox.sandbox import Limits, Sandbox
from harness_forge.rollouts.environments.sandbox.uids import uid_map
from harness_forge.rollouts.environments.scap import known, packages, root
from harness_forge.rollouts.environments.scap.probe import reads_packages

_MAPS = {
    "root": "many uids, taken from a range that nobody uses; never uid 0",
    "subuid": "many uids, from this user's range in /etc/subuid",
    "single": "one uid: fine, but rules about ownership cannot be attempted",
}


def doctor(config: ScapConfig, home: Path) -> list[Requirement]:
    """Return a check for everything that `config` needs."""
    checks = [
        check("content", lambda: str(packages.find_datastream(config, home).resolve())),
        check("tools", lambda: _tools(home)),
        check("root", lambda: root.recipe_of(config.platform).tree),
        check("uids", _uids),
        check("sandbox", lambda: _sandbox(config, home)),
        check("packages", lambda: _database(config, home)),
    ]
    if all(check.ok for check in checks):
        checks.append(_rules(config, home))
    return checks


def _tools(home: Path) -> str:
    found = tools.find_tools(home)
    version = tools.scanner_version(found)
    return f"OpenSCAP {version}, {len(found.packages)} packages of {found.release} ({found.name})"


def _uids() -> str:
    kind = uid_map()["kind"]
    said = _MAPS[kind]
    if kind == "single" and os.getuid() and not shutil.which("newuidmap"):
        said += "; with the package uidmap and a range in /etc/subuid they can"
    return said


def _sandbox(config: ScapConfig, home: Path) -> str:
    box = Sandbox(tools.find_tools(home), root.disk(config.platform))
    try:
        applied = box.apply("test -d /etc && ! touch /proc/sys/x", Limits(wall_s=10))
    finally:
        box.close()
    if applied.rc:
        raise SandboxError("", f"the sandbox misbehaves: {applied.output.strip()}", "report this")
    return "bubblewrap without privileges, capped, no network"


def _database(config: ScapConfig, home: Path) -> str:
    """Ask the scanner for a package in the root's database, as a third of all rules do first."""
    recipe = root.recipe_of(config.platform)
    box = Sandbox(tools.find_tools(home), root.disk(config.platform))
    try:
        said = reads_packages(box, recipe)
    finally:
        box.close()
    return said


def _rules(config: ScapConfig, home: Path) -> Requirement:
    from harness_forge.rollouts.environments.scap import open_scap

    environment = open_scap("", config, home)
    try:
        items, versions = environment.surveyed(), environment.versions
        short = environment.shortfall(items or [])
    finally:
        environment.close()
    wanted = known.expected(config, versions)
    said = usable(wanted, versions)
    if items is None:
        said += "; `forge env table` measures how many do here"
        return Requirement("rules", True, said)
    found = sum(item.full_cycle for item in items)
    if short:
        return Requirement("rules", False, "\n".join(short).replace("\n", "\n    "))
    return Requirement("rules", True, f"{found} fail at first and pass after their own fix; {said}")


def usable(wanted: int | None, versions: known.Versions) -> str:
    """Return how many rules can be attempted: untouched they fail, and their own fix mends them."""
    cycle = "fail at first and pass after their own fix"
    if not wanted:
        return f"how many {cycle} is not known ({versions})"
    return f"{wanted} are known to {cycle} ({versions})"
