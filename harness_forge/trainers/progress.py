"""Reads the lines that the plugin writes, and tells how far a training is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Step:
    """One logged step.

    Args:
        loss: mean over the step's trained tokens.
        tokens_per_s: all tokens of the rows, trained or not, padding left out;
            None before the second step, whose start is the first that is timed.
        left_s: seconds to the last step at the pace so far; None likewise.
    """

    step: int
    steps: int
    loss: float
    tokens_per_s: float | None
    left_s: float | None

    def __str__(self) -> str:
        parts = [f"step {self.step}/{self.steps}", f"loss {self.loss:.3f}"]
        if self.tokens_per_s is not None:
            parts.append(f"{self.tokens_per_s:.0f} tokens/s")
        if self.left_s is not None:
            minutes, seconds = divmod(round(self.left_s), 60)
            parts.append(f"{minutes}:{seconds:02d} left")
        return "  ".join(parts)


class Progress:
    """Follows one metrics file while it grows.

    Args:
        path: the file; it need not be there yet.
        skip: bytes of it that an earlier, killed training wrote.
    """

    def __init__(self, path: Path, skip: int = 0) -> None:
        self._path, self._at = path, skip
        self._first: dict[str, Any] | None = None

    def new(self) -> Iterator[Step]:
        """Yield the steps written since the last call."""
        if not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # the writer is not done with it
                self._at += len(line)
                fact = json.loads(line)
                if "loss" in fact:
                    yield self._step(fact)

    def _step(self, fact: dict[str, Any]) -> Step:
        first = self._first = self._first or fact
        made, spent = fact["step"] - first["step"], fact["elapsed_s"] - first["elapsed_s"]
        pace = rate = None
        if made and spent > 0:
            pace = (fact["steps"] - fact["step"]) * spent / made
            seen = [line.get("tokens/total") for line in (first, fact)]
            rate = (seen[1] - seen[0]) / spent if None not in seen else None
        return Step(fact["step"], fact["steps"], fact["loss"], rate, pace)


def summary(path: Path) -> dict[str, float]:
    """Return steps, first and last loss, and tokens/s of a finished training, as measured.

    A training that was resumed has one stretch a start; time between them does
    not count.
    """
    facts = [json.loads(line) for line in path.read_bytes().splitlines()]
    steps = [fact for fact in facts if "loss" in fact]
    stretches: list[list[dict[str, Any]]] = []
    for fact in steps:
        if not stretches or fact["elapsed_s"] < stretches[-1][-1]["elapsed_s"]:
            stretches.append([])
        stretches[-1].append(fact)
    seconds = sum(stretch[-1]["elapsed_s"] for stretch in stretches)
    timed = [stretch for stretch in stretches if len(stretch) > 1]
    spans = sum(stretch[-1]["elapsed_s"] - stretch[0]["elapsed_s"] for stretch in timed)
    tokens = sum(
        stretch[-1].get("tokens/total", 0) - stretch[0].get("tokens/total", 0) for stretch in timed
    )
    report = {
        "steps": steps[-1]["step"],
        "seconds": round(seconds, 1),
        "first_loss": steps[0]["loss"],
        "last_loss": steps[-1]["loss"],
    }
    if spans > 0 and tokens > 0:
        report["tokens_per_s"] = round(tokens / spans, 1)
    return report
