"""Settings of a judge: who is asked, how often, and what a drift is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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


CRITERIA: Mapping[str, str] = {
    "execution_success": "would it do what was asked, run as it stands?",
    "code_quality": "is it correct, safe, and no more than is needed?",
    "tool_efficiency": "is the right tool called, once, with the right arguments?",
    "directness": "does it come to the point, without filler?",
}
"""Each criterion, and the question that it is."""


WEIGHTS: Mapping[str, float] = {
    "execution_success": 0.4,
    "code_quality": 0.2,
    "tool_efficiency": 0.2,
    "directness": 0.2,
}
"""8gent's weights."""
