"""The file of a training's own answers: what was answered, and what the judge said of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.training.progress import facts_in

Rollout = Mapping[str, Any]


class Rollouts:
    """Appends the judged answers of each step, one JSON line an answer.

    Args:
        path: the file. A training that goes on makes the steps after its checkpoint again, so
            their lines are taken out at the first step that is written.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._begun = path, False

    def add(self, step: int, found: Sequence[Rollout]) -> None:
        """Write the answers of one step."""
        if not self._begun:
            self._begun = True
            _write(self._path, (one for one in read(self._path) if one["step"] < step))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_lines(found))


def read(path: Path) -> list[dict[str, Any]]:
    """Return the answers in a file, in the order in which they were judged."""
    return facts_in(path)


def spread(found: Iterable[Rollout]) -> dict[tuple[int, str], bool]:
    """Return step and prompt of each group, and whether its answers were worth different amounts.

    Only such a group is learned from.
    """
    rewards: dict[tuple[int, str], set[float]] = {}
    for one in found:
        group = rewards.setdefault((one["step"], one["reference"]), set())
        if one["reward"] is not None:
            group.add(one["reward"])
    return {key: len(seen) > 1 for key, seen in rewards.items()}


def counts(found: Sequence[Rollout]) -> dict[str, Any]:
    """Return what an adapter's lineage says of the answers that it was trained on.

    Rewards are means over the first and the last fifth of all steps: one step is a small sample.
    """
    steps = sorted({one["step"] for one in found})
    fifth = max(1, len(steps) // 5)
    groups = spread(found)
    return {
        "answers": len(found),
        "passed": sum(one["passed"] for one in found),
        "guard_broken": sum(one["failure_mode"] == "guard_broken" for one in found),
        "not_judged": sum(one["reward"] is None for one in found),
        "groups": len(groups),
        "groups_alike": sum(not differs for differs in groups.values()),
        "first_reward": _mean(found, steps[:fifth]),
        "last_reward": _mean(found, steps[-fifth:]),
    }


def _mean(found: Sequence[Rollout], steps: Sequence[int]) -> float:
    chosen = set(steps)
    rewards = [one["reward"] for one in found if one["step"] in chosen]
    known = [reward for reward in rewards if reward is not None]
    return round(sum(known) / len(known), 4) if known else 0.0


def _write(path: Path, found: Iterable[Rollout]) -> None:
    text = _lines(list(found))
    path.write_text(text, encoding="utf-8")


def _lines(found: Iterable[Rollout]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)
