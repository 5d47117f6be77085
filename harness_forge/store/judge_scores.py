"""The scores that a judge gave to answers, over all its runs."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from harness_forge.config.judge import CRITERIA
from harness_forge.store.verdicts import VerdictFile


def overall(scores: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the weighted sum, 0 to 1, rounded to four digits."""
    return round(sum(weights[name] * scores[name] for name in CRITERIA), 4)


def kept_scores(folder: Path, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the overall score, 0 to 1, of each answer that was judged on its own.

    Verdicts on pairs and answers without a verdict have none. If an answer was
    judged twice, the later verdict counts.

    Args:
        folder: <forge_home>/judge.
        weights: of the criteria, by the current settings.

    Raises:
        EvalError: a line is no verdict.
    """
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*.jsonl")):
        if path.name == "drift.jsonl":
            continue
        for key, verdict in VerdictFile(path).known().items():
            if verdict.scores:
                found[key] = overall(verdict.scores, weights)
    return found


def key_of(skill: str, run_id: str, source: str) -> str:
    """Return the key of a turn's verdict.

    Args:
        source: of an exported row, such as `stig.turns:7`.
    """
    return f"{skill}/{run_id}/{source.rpartition(':')[2]}"


def scores_digest(scores: Mapping[str, float]) -> str:
    """Return a short digest that changes when a score does."""
    return sha256(repr(sorted(scores.items())).encode()).hexdigest()[:16]
