"""Settings of the label audit."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness_forge.core.errors import ConfigError


@dataclass(frozen=True)
class TriggersConfig:
    """Which phrases of prompts count as going with one outcome.

    Args:
        max_p: level of all tests together, that is, how often a store without such a phrase
            may be taken for one with it.
        min_items: a phrase must stand in prompts of as many items of one source.
        min_share: of them, as many must have the outcome, 0.5 to 1.
        longest: words of a phrase, at most.
    """

    max_p: float = 0.01
    min_items: int = 5
    min_share: float = 0.95
    longest: int = 3

    def __post_init__(self) -> None:
        for name, fits, what in (
            ("max_p", 0 < self.max_p < 1, "must be above 0, below 1"),
            ("min_items", self.min_items >= 2, "must be 2 or more"),
            ("min_share", 0.5 <= self.min_share <= 1, "must be from 0.5 to 1"),
            ("longest", 1 <= self.longest <= 5, "must be from 1 to 5"),
        ):
            if not fits:
                where = f"labels.triggers.{name}"
                raise ConfigError(where, f"{what}, not {getattr(self, name)}")


@dataclass(frozen=True)
class LabelsConfig:
    """What the label audit looks for.

    Args:
        checks: check to true or false; those not named are on, and the flags
            of one that is off are withdrawn. `forge labels checks` lists them.
        gemma_forge: evaluators, as rows name them, that judge as gemma-forge
            does. Its known defects are looked for in their rows only.
        triggers: what `forge labels triggers` looks for.
    """

    checks: dict[str, bool] = field(default_factory=dict)
    gemma_forge: list[str] = field(default_factory=lambda: ["gemma_forge", "gemma-forge"])
    triggers: TriggersConfig = field(default_factory=TriggersConfig)
