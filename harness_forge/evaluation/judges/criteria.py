"""The four criteria of 8gent's judge, and which of a judge's answers count as a verdict.

Only an object with all four numbers, each from 0 to 1, is a verdict. A missing
criterion does not become 0.5, and a 7 does not become 1: in both cases the judge
did not do what it was asked.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.config.judge import CRITERIA

PICKS = ("A", "B", "tie")

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_DECODER = json.JSONDecoder()


def read_scores(said: str) -> dict[str, float] | None:
    """Return the scores in a judge's answer; None if it is not a complete verdict."""
    for found in _objects(said):
        values = [found.get(name) for name in CRITERIA]
        if all(map(_share, values)):
            return {name: float(value) for name, value in zip(CRITERIA, values, strict=True)}
    return None


def read_pick(said: str) -> str | None:
    """Return which of two answers a judge preferred: A, B or tie; None if it gave no verdict."""
    for found in _objects(said):
        if found.get("better") in PICKS:
            return found["better"]
    return None


def _objects(said: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects in a text, without those in its thoughts."""
    text = _THOUGHT.sub("", said)
    start = text.find("{")
    while start >= 0:
        try:
            found, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            if isinstance(found, dict):
                yield found
        start = text.find("{", end)


def _share(value: Any) -> bool:
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    return fine and math.isfinite(value) and 0 <= value <= 1
