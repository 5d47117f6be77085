"""Replays the base model against itself: how many items flip without any change.

Temperature 0 is not deterministic: the other requests of a batch change the order
of sums, and a last digit may change a token. An adapter that gains fewer items
than flip by themselves has shown nothing (an A/A test).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.run import Purpose, split_of
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.files import write_json
from harness_forge.core.results import EvalResult
from harness_forge.evaluation.comparison import Comparison, compare
from harness_forge.evaluation.replay import attempted
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs.results import first_tries
from harness_forge.store.opening import opened_skill

AGAIN = 1
"""Added to the seed of the second run, to make it a run of its own; greedy answers do
not depend on it."""

BATCH = 8
"""Batch size of the second run, unless the first has it: other sums."""


@dataclass(frozen=True)
class Floor:
    """The base model against itself.

    Args:
        runs: by skill, the ids of both runs.
    """

    split: str
    comparison: Comparison
    runs: dict[str, list[str]]

    def as_dict(self) -> dict[str, Any]:
        """Return what aa.json holds."""
        return {
            "split": self.split,
            "runs": self.runs,
            "comparison": self.comparison.as_dict(),
            "flips": [one.item_id for one in (*self.comparison.gained, *self.comparison.lost)],
        }


def again(config: ForgeConfig, out: Path, say: Callable[[str], None] = lambda line: None) -> Floor:
    """Ask the base model twice on a split of every skill, and write the differences to `out`.

    The first run is the replay's own base run, read from the store if it is
    there. A baseline's look at a holdout is in the ledger and spends nothing.

    Raises:
        TrainError: the base model is missing or damaged.
        EvalError: the ledger of looks cannot be written, or results do not pair.
    """
    split = split_of(config.run).value
    out.unlink(missing_ok=True)
    run = replace(config.run, purpose=Purpose.evaluate, split=split)
    own = config.policy
    policy = PolicyConfig(
        PolicyKind.model,
        workset=own.workset,
        concurrency=own.concurrency,
        chat_template=own.chat_template,
    )
    other = replace(policy, concurrency=1 if own.concurrency == BATCH else BATCH)
    first: list[EvalResult] = []
    second: list[EvalResult] = []
    runs: dict[str, list[str]] = {}
    for skill in attempted(replace(config, run=run), say):
        with opened_skill(skill) as store:
            asked = (first, skill.seed, policy), (second, skill.seed + AGAIN, other)
            for found, seed, one in asked:
                summary = opening.run(replace(skill, policy=one, seed=seed))
                runs.setdefault(skill.skill.name, []).append(summary["run_id"])
                found += first_tries(store, summary["run_id"])
            say(f"{skill.skill.name}: the base model was asked twice")
    floor = Floor(split, compare(first, second, ("base", "base again")), runs)
    write_json(out, floor.as_dict())
    return floor
