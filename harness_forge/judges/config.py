"""Settings of a judge: who is asked, how often, and what a drift is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from harness_forge.errors import ConfigError
from harness_forge.judges.criteria import CRITERIA, WEIGHTS


@dataclass(frozen=True)
class JudgeConfig:
    """A model that scores answers, by four criteria.

    Args:
        endpoint: base URL of an OpenAI-compatible server, such as
            http://127.0.0.1:11434/v1. None judges nothing.
        model: the name sent to it; None takes the first that it serves.
        allow: hosts other than this machine that may be asked. What is judged
            leaves this machine then.
        api_key_env: environment variable that holds the endpoint's key.
        weights: of the four criteria in the overall score; they come to 1.
        passes: overall score from which the judge is taken to say that an
            answer works, where it is compared with the evaluator.
        tries: how often an answer is asked for until it can be parsed; after
            that the item is unjudged, which is no score.
        max_tokens: longest verdict.
        timeout_s: seconds to wait for one verdict.
        concurrency: requests in flight at once.
        limit: at most this many answers of a run, drawn by hash; 0 takes all.
        anchors: answers that are judged again every time, to see a judge change.
        drift: largest mean change of the anchors' overall scores that is no drift.
    """

    endpoint: str | None = None
    model: str | None = None
    allow: list[str] = field(default_factory=list)
    api_key_env: str = "FORGE_API_KEY"
    weights: dict[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    passes: float = 0.5
    tries: int = 3
    max_tokens: int = 200
    timeout_s: float = 120.0
    concurrency: int = 4
    limit: int = 0
    anchors: int = 12
    drift: float = 0.05


def check(config: JudgeConfig) -> None:
    """Refuse settings that no score can be made of.

    Raises:
        ConfigError: the weights are not of the four criteria or do not come to
            1, or a number is out of its range.
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
