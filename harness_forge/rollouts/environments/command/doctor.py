"""Report what a `command` skill lacks on this machine, with a remedy for each."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.command import items
from harness_forge.rollouts.environments.command.bench import archive
from harness_forge.rollouts.environments.command.environment import CommandEnvironment
from harness_forge.rollouts.environments.command.programs import find_programs, packages_of_worksets
from harness_forge.rollouts.environments.sandbox.checks import Requirement, check
from harness_forge.rollouts.environments.sandbox.sandbox import Disk, Limits, Sandbox
from harness_forge.rollouts.environments.sandbox.tools import find_tools


def doctor(skill: str, config: CommandConfig, home: Path) -> list[Requirement]:
    """Return a check for everything that `config` needs, up to the first that does not hold."""
    checks: list[Requirement] = []
    for name, find in (
        ("tools", lambda: _tools(home)),
        ("items", lambda: f"{len(items.load(config, packages_of_worksets(config, home)))} items"),
        ("programs", lambda: _programs(config, home)),
        ("sandbox", lambda: _sandbox(home)),
        ("settings", lambda: _settings(skill, config, home)),
    ):
        checks.append(check(name, find))
        if not checks[-1].ok:
            break
    return checks


def _tools(home: Path) -> str:
    found = find_tools(home)
    return f"{len(found.packages)} packages of {found.release} ({found.name})"


def _programs(config: CommandConfig, home: Path) -> str:
    found = find_programs(config, home)
    added = [f"{name} {v}" for name, v in found.packages.items() if ":" in name]
    return ", ".join(added) or "the tools alone"


def _sandbox(home: Path) -> str:
    box = Sandbox(find_tools(home), Disk(archive([])))
    try:
        applied = box.apply("test -d /work && ! touch /proc/sys/x", Limits(wall_s=10))
    finally:
        box.close()
    if applied.rc:
        what = f"the sandbox misbehaves: {applied.output.strip()}"
        raise SandboxError("", what, "report this")
    return "bubblewrap without privileges, capped, no network"


def _settings(skill: str, config: CommandConfig, home: Path) -> str:
    CommandEnvironment(skill, config, home).close()
    return f"`forge env check skill={skill}` tries the judge"
