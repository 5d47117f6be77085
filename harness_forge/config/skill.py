"""Settings of a skill: its name, and the environment that judges attempts at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.scap import ScapConfig


class EnvironmentKind(Enum):
    """Which world a skill's work items are attempted in."""

    scap = "scap"
    recorded = "recorded"  # none: `forge ingest` brought the attempts in


@dataclass(frozen=True)
class SkillConfig:
    """What is learned: a named set of work items and the world that judges them.

    Args:
        name: also the name of the skill's schema in the store.
        host: how a prompt names the machine to be fixed.
        environment: which world; its settings stand under the same name.
        scap: settings of the `scap` world.
        licences: a line for each work whose words the rows quote; they go on
            the dataset's card. The scap world names its own.
    """

    name: str = "???"
    host: str = "???"
    environment: EnvironmentKind = EnvironmentKind.scap
    scap: ScapConfig = field(default_factory=ScapConfig)
    licences: list[str] = field(default_factory=list)
