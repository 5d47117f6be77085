"""Checks the settings of a judge."""

from __future__ import annotations

import math

from harness_forge.config.judge import CRITERIA, JudgeConfig
from harness_forge.core.errors import ConfigError


def check(config: JudgeConfig) -> None:
    """Refuse settings that cannot give a score.

    Raises:
        ConfigError: the weights are not of the four criteria or do not add up to 1,
            or a number is out of its range.
    """
    if set(config.weights) != set(CRITERIA):
        what = f"must weigh {', '.join(CRITERIA)}, not {', '.join(config.weights)}"
        raise ConfigError("judge.weights", what)
    values = list(config.weights.values())
    if min(values) < 0 or not math.isclose(sum(values), 1.0, abs_tol=1e-6):
        raise ConfigError("judge.weights", f"must be positive and come to 1, not {sum(values):g}")
    if not 0 <= config.passes <= 1:
        raise ConfigError("judge.passes", f"must lie between 0 and 1, not {config.passes}")
    for name in ("tries", "max_tokens", "concurrency"):
        if getattr(config, name) < 1:
            raise ConfigError(f"judge.{name}", f"must be 1 or more, not {getattr(config, name)}")
    for name in ("limit", "anchors", "drift"):
        if getattr(config, name) < 0:
            raise ConfigError(f"judge.{name}", f"must not be below 0, not {getattr(config, name)}")
