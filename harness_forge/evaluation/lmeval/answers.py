"""A model's answers: read from lm-eval's samples, stored, and summed by part."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.errors import EvalError

CUT_OFF = "\x18"
"""The mark at the end of a cut-off answer, from the model in task/forge_lm_eval.py."""

ALL = "all"


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """One answer and its scores.

    Args:
        infrastructure: no verdict, without a fault of the model: left out in pairs.
        prompt: the exact prompt text.
        answer: its complete text, without the end-of-turn token.
        finish_reason: stop, or length if the answer was cut off.
        scores: metric to 0 or 1; a metric that does not apply is left out.
    """

    skill: str
    item_id: str
    prompt: str
    answer: str
    finish_reason: str
    scores: dict[str, float]
    infrastructure: bool = False


def read_samples(out: Path, metrics: Sequence[str]) -> list[ScoredAnswer]:
    """Return the answers that lm-eval logged, sorted by skill and item.

    Raises:
        EvalError: a sample cannot be read, or a score is not a number from 0 to 1.
    """
    found = []
    for file in sorted(out.rglob("samples_*.jsonl")):
        for line in file.read_bytes().splitlines():
            try:
                found.append(_answer(json.loads(line), metrics))
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise EvalError(str(file), f"holds no sample ({error!r})") from None
    return sorted(found, key=lambda answer: (answer.skill, answer.item_id))


def _answer(sample: dict[str, Any], metrics: Sequence[str]) -> ScoredAnswer:
    text = _chosen(sample) if sample["doc"].get("choices") else sample["resps"][0][0]
    scores = {name: sample[name] for name in metrics if name in sample}
    for name, value in scores.items():
        if not isinstance(value, int | float) or not 0 <= value <= 1:  # NaN is not
            raise EvalError("lm-eval", f"{name} of {sample['doc']['item_id']} is {value}, no score")
    return ScoredAnswer(
        skill=sample["doc"]["skill"],
        item_id=sample["doc"]["item_id"],
        prompt=sample["arguments"]["gen_args_0"]["arg_0"],
        answer=text.removesuffix(CUT_OFF),
        finish_reason="length" if text.endswith(CUT_OFF) else "stop",
        scores=scores,
    )


def _chosen(sample: dict[str, Any]) -> str:
    """Return the likeliest of the choices, by lm-eval's logged likelihoods.

    Raises:
        ValueError: a likelihood is no number, so none is the largest.
    """
    likely = [float(one[0][0]) for one in sample["resps"]]
    if any(math.isnan(one) for one in likely):
        raise ValueError("a likelihood is nan")
    return sample["doc"]["choices"][likely.index(max(likely))]


def keep(file: Path, answers: Iterable[ScoredAnswer]) -> None:
    """Write answers to `file`, one on each line."""
    lines = (json.dumps(asdict(answer), ensure_ascii=False) + "\n" for answer in answers)
    file.write_text("".join(lines), encoding="utf-8")


def kept(file: Path) -> list[ScoredAnswer] | None:
    """Return the answers that `keep` wrote; None if the file is missing or damaged."""
    try:
        lines = file.read_bytes().splitlines()
        return [ScoredAnswer(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError):
        return None


def summed(rows: Sequence[tuple[str, dict[str, float]]], metrics: Sequence[str]) -> dict[str, Any]:
    """Return items and the mean of each metric, by part and for all parts together.

    Args:
        rows: part and scores of each answer.

    Returns:
        `{part: {"items", metric: mean, …}}`; a metric that some items lack also
        has the number of items with it, as `<metric>_items`.
    """
    parts = sorted({part for part, _ in rows})
    report = {part: _means([s for p, s in rows if p == part], metrics) for part in parts}
    return report | {ALL: _means([scores for _, scores in rows], metrics)}


def _means(scores: Sequence[dict[str, float]], metrics: Sequence[str]) -> dict[str, float]:
    report: dict[str, float] = {"items": len(scores)}
    for name in metrics:
        values = [score[name] for score in scores if name in score]
        if values:
            report[name] = round(math.fsum(values) / len(values), 6)
        if len(values) < len(scores):
            report[f"{name}_items"] = len(values)
    return report
