"""Settings of the label audit."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LabelsConfig:
    """What the label audit looks for.

    Args:
        checks: check to true or false; those not named are on, and the flags
            of one that is off are withdrawn. `forge labels checks` lists them.
        gemma_forge: evaluators, as rows name them, that judge as gemma-forge
            does. Its known defects are looked for in their rows only.
    """

    checks: dict[str, bool] = field(default_factory=dict)
    gemma_forge: list[str] = field(default_factory=lambda: ["gemma_forge", "gemma-forge"])
