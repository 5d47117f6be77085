"""Settings of a skill: its name, and the environment that judges attempts at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.command import CommandConfig
from harness_forge.config.scap import ScapConfig


class EnvironmentKind(Enum):
    """The environment in which a skill's work items are attempted."""

    scap = "scap"
    command = "command"  # items and commands of your own
    recorded = "recorded"  # none: `forge ingest` brought the attempts in


RECORDED = "recorded"
"""The choice of `skill` for records under a name of their own, and the host that it has."""

CODEBASE = "codebase"
"""The choice of `skill` for what `forge generate` makes."""


@dataclass(frozen=True)
class SkillConfig:
    """What is learned: a named set of work items and the environment that judges them.

    Args:
        name: also the name of the skill's schema in the store.
        host: how a prompt names the machine to be fixed.
        environment: which one; its settings have the same name.
        scap: settings of the `scap` environment.
        command: settings of the `command` environment.
        licences: a line for each work that the rows quote, for the dataset's
            card. The `scap` environment names its own.
    """

    name: str = "???"
    host: str = "???"
    environment: EnvironmentKind = EnvironmentKind.scap
    scap: ScapConfig = field(default_factory=ScapConfig)
    command: CommandConfig = field(default_factory=CommandConfig)
    licences: list[str] = field(default_factory=list)


def is_recorded(skill: SkillConfig) -> bool:
    """Return whether its attempts were made and judged elsewhere: it has no environment."""
    return skill.environment is EnvironmentKind.recorded


def filling_command(skill: SkillConfig) -> str:
    """Return the command that brings work items and attempts of a skill into the store."""
    if not is_recorded(skill):
        return f"forge run skill={skill.name} policy=gold"
    if skill.name == CODEBASE:
        return "forge generate REPO"
    # `skill=recorded` is the choice for records that have no file of their own in conf/skill.
    own = skill.host != RECORDED
    named = f"skill={skill.name}" if own else f"skill={RECORDED} skill.name={skill.name}"
    return f"forge ingest source=NAME path=FILE {named}"
