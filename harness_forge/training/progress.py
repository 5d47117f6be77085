"""Reads the plugin's metrics file, and reports a training's progress."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.numbers import count, percent


@dataclass(frozen=True)
class Step:
    """One logged step.

    Args:
        loss: mean over the step's trained tokens.
        tokens_per_s: all tokens of the rows, trained or not, without padding;
            None before the second step, the first that can be timed.
        left_s: seconds to the last step at the pace so far; None likewise.
        reward: mean of the step's answers, 0 to 1, where a judge rewards them; else None.
        alike: share of its prompts whose answers were all worth the same, which teach nothing;
            None likewise.
    """

    step: int
    steps: int
    loss: float
    tokens_per_s: float | None
    left_s: float | None
    reward: float | None = None
    alike: float | None = None

    def __str__(self) -> str:
        parts = [f"step {self.step}/{self.steps}", f"loss {self.loss:.3f}"]
        if self.reward is not None:
            parts.append(f"reward {self.reward:.2f}")
        if self.alike is not None:
            parts.append(f"{percent(self.alike)} of prompts all alike")
        if self.tokens_per_s is not None:
            parts.append(f"{count(self.tokens_per_s)} tokens/s")
        if self.left_s is not None:
            minutes, seconds = divmod(round(self.left_s), 60)
            parts.append(f"{minutes}:{seconds:02d} left")
        return "  ".join(parts)


class TrainingProgress:
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
        left = (fact["steps"] - fact["step"]) * spent / made if made and spent > 0 else None
        judged = fact.get("reward"), fact.get("frac_reward_zero_std")
        return Step(fact["step"], fact["steps"], fact["loss"], rate(first, fact), left, *judged)


def rate(first: Mapping[str, Any], last: Mapping[str, Any]) -> float | None:
    """Return tokens/s between two lines of one stretch; None where unknown."""
    spent = last["elapsed_s"] - first["elapsed_s"]
    counts = [tokens_of(first), tokens_of(last)]
    if spent <= 0 or None in counts:
        return None
    return (counts[1] - counts[0]) / spent


def tokens_of(fact: Mapping[str, Any]) -> float | None:
    """Return the tokens seen since the start, as Axolotl or, for pairs, TRL counts them."""
    return fact.get("tokens/total", fact.get("num_tokens"))


def facts_in(path: Path) -> list[dict[str, Any]]:
    """Return what a file of JSON lines holds, in the order written; [] if there is no file.

    A line that a killed writer left incomplete is skipped.
    """
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def steps_in(path: Path) -> list[dict[str, Any]]:
    """Return the logged steps of a metrics file, in the order written."""
    return [fact for fact in facts_in(path) if "loss" in fact]


def stretches(steps: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the steps of each start of a training; a resumed one has several."""
    found: list[list[dict[str, Any]]] = []
    for fact in steps:
        last = found[-1][-1] if found else None
        same = last and fact.get("since") == last.get("since")
        if not same or fact["elapsed_s"] < last["elapsed_s"]:
            found.append([])
        found[-1].append(fact)
    return found


def summary(path: Path) -> dict[str, float]:
    """Return steps, first and last loss, and tokens/s of a finished training, as measured.

    Time between two stretches of a resumed training does not count. For pairs also
    the last reward margin and the share of pairs ranked right.
    """
    steps = steps_in(path)
    last = steps[-1]
    parts = stretches(steps)
    report = {
        "steps": last["step"],
        "seconds": round(sum(part[-1]["elapsed_s"] for part in parts), 1),
        "first_loss": steps[0]["loss"],
        "last_loss": last["loss"],
    }
    timed = [part for part in parts if rate(part[0], part[-1]) is not None]
    spent = sum(part[-1]["elapsed_s"] - part[0]["elapsed_s"] for part in timed)
    tokens = sum(tokens_of(part[-1]) - tokens_of(part[0]) for part in timed)
    if spent > 0 and tokens > 0:
        report["tokens_per_s"] = round(tokens / spent, 1)
    named = {"epoch": "epochs", "rewards/margins": "margin", "rewards/accuracies": "accuracy"}
    return report | {name: last[key] for key, name in named.items() if key in last}
