"""Judges the same anchors every time, to detect that the judge has changed.

A served model can change under its name: other weights, another quantisation,
another template. Scores from before and after must then not be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from harness_forge.config.judge import JudgeConfig
from harness_forge.core.errors import EvalError
from harness_forge.core.files import append, finished, write_json
from harness_forge.evaluation.judges.asking import ask_all
from harness_forge.evaluation.judges.endpoint import Judge
from harness_forge.evaluation.judges.questions import (
    SCORES_AGAIN,
    PromptAndAnswer,
    Question,
    rubric_digest,
    single,
)
from harness_forge.store.judge_scores import overall

ANCHORS, LOG = "anchors.json", "drift.jsonl"


@dataclass(frozen=True, slots=True)
class Drift:
    """How a judge scored the anchors, compared with its first time.

    Args:
        time: UTC.
        judge, digest, rubric: who judged, with which wording.
        scores: overall by anchor; None if it was unjudged.
        anchors: number judged both now and the first time.
        mean, largest: absolute change of the overall score; None the first time.
        bound: a larger mean change is a drift.
        first: digest of the judge that scored them first.
    """

    time: str
    judge: str
    digest: str
    rubric: str
    scores: dict[str, float | None]
    anchors: int = 0
    mean: float | None = None
    largest: float | None = None
    bound: float = 0.0
    first: str = ""

    @property
    def beyond(self) -> bool:
        """Whether the judge changed more than the bound allows."""
        return self.mean is not None and self.mean > self.bound

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, without the scores."""
        return {k: v for k, v in asdict(self).items() if k != "scores"} | {"beyond": self.beyond}


async def watch(
    judge: Judge, config: JudgeConfig, folder: Path, answers: Sequence[PromptAndAnswer]
) -> Drift | None:
    """Judge the anchors again, store the result and return it; None without anchors.

    The anchors are drawn by hash from the first answers ever judged. Their first
    scores by a judge of this name and rubric are compared with their scores now.

    Raises:
        EndpointError: the server failed.
        EvalError: the files of anchors or drift cannot be read.
    """
    if not config.anchors:
        return None
    questions = _anchors(folder / ANCHORS, config.anchors, answers)
    found = await ask_all(
        judge, questions, file=None, tries=config.tries, concurrency=config.concurrency
    )
    scores = {
        key: overall(one.scores, config.weights) if one.scores else None
        for key, one in sorted(found.items())
    }
    model = judge.model
    now = datetime.now(UTC).isoformat(timespec="seconds")
    drift = Drift(now, model.name, model.digest, rubric_digest(), scores, bound=config.drift)
    before = _first(folder / LOG, drift)
    if before:
        drift = _held_against(drift, before)
    append(folder / LOG, orjson.dumps(asdict(drift) | {"beyond": drift.beyond}))
    return drift


def _held_against(drift: Drift, before: Mapping[str, Any]) -> Drift:
    old = before["scores"]
    changes = [
        abs(score - old[key])
        for key, score in drift.scores.items()
        if score is not None and old.get(key) is not None
    ]
    measured = {
        "anchors": len(changes),
        "mean": round(sum(changes) / len(changes), 6) if changes else None,
        "largest": round(max(changes), 6) if changes else None,
        "first": before["digest"],
    }
    return Drift(**{**asdict(drift), **measured})


def _anchors(path: Path, count: int, answers: Sequence[PromptAndAnswer]) -> list[Question]:
    """Return the anchors; draw them from `answers` if there are none yet."""
    try:
        kept = orjson.loads(path.read_bytes())["questions"]
    except FileNotFoundError:
        questions = [single(answer) for answer in answers]
        keyed = {_key(one.messages): one for one in questions}
        kept = [{"key": key, "messages": list(keyed[key].messages)} for key in sorted(keyed)]
        kept = kept[:count]
        write_json(path, {"questions": kept})
    except (ValueError, KeyError, TypeError):
        hint = "put it back, or remove it and what it measured"
        raise EvalError(str(path), "holds no anchors", hint) from None
    return [Question(one["key"], one["messages"], SCORES_AGAIN) for one in kept]


def _key(messages: Sequence[Mapping[str, Any]]) -> str:
    return sha256(orjson.dumps(list(messages))).hexdigest()[:16]


def _first(path: Path, drift: Drift) -> dict[str, Any] | None:
    """Return the first scores of the anchors by a judge of this name and rubric."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    for number, line in enumerate(finished(text).splitlines(), start=1):
        try:
            row = orjson.loads(line)
            if (row["judge"], row["rubric"]) == (drift.judge, drift.rubric):
                return row
        except (ValueError, KeyError, TypeError):
            raise EvalError(f"{path}, line {number}", "is no record of anchors") from None
    return None
