"""Choose the tips that are considered for a prompt, and those that are shown.

Only tips of earlier runs, learned from training items: with tips of this run
the draw would depend on the order of threads, and a tip of a held-out item
would carry the answer across the split. A coin toss decides whether a
considered tip is shown; it is stored, so that the effect can be estimated later.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness_forge.core.records import Tip, TipRetrieval, WorkItem
from harness_forge.rollouts.runs.attempts import Retrieved


@dataclass(frozen=True, slots=True)
class TipCandidate:
    """A stored tip and the item it was learned from."""

    tip_id: int
    tip: Tip
    item_id: str
    family: str


def draw(
    item: WorkItem, candidates: Sequence[TipCandidate], k: int, inclusion: float, salt: str
) -> Retrieved:
    """Return the k most similar tips, each shown with probability `inclusion`.

    Args:
        salt: run id; the same run draws the same tips when it is resumed.
    """
    scored = [(similarity(item, c), -c.tip_id, c) for c in candidates]
    best = sorted((s for s in scored if s[0] > 0), key=lambda s: s[:2], reverse=True)[:k]
    dice = random.Random(f"{salt}/{item.item_id}")
    retrievals, shown = [], []
    for rank, (score, _, candidate) in enumerate(best, start=1):
        included = dice.random() < inclusion
        retrievals.append(
            TipRetrieval(candidate.tip_id, rank, round(score, 4), included, inclusion)
        )
        if included:
            shown.append(candidate.tip)
    return Retrieved(retrievals, shown)


def similarity(item: WorkItem, candidate: TipCandidate) -> float:
    """Return 0 to 1: half for the same family, half for the shared id prefix.

    The prefix is counted in tokens of the id over the longer id's length, as in
    gemma-forge.
    """
    ours, theirs = item.item_id.split("_"), candidate.item_id.split("_")
    shared = 0
    for mine, other in zip(ours, theirs, strict=False):
        if mine != other:
            break
        shared += 1
    prefix = shared / max(len(ours), len(theirs))
    return 0.5 * (item.family == candidate.family) + 0.5 * prefix


def candidates(rows: Sequence[Mapping], families: Mapping[str, str]) -> list[TipCandidate]:
    """Return stored tip rows as candidates; rows of unknown items are left out."""
    return [
        TipCandidate(
            row["id"],
            Tip(row["text"], row["tip_type"], row["mechanism"]),
            row["source_rule_id"],
            families[row["source_rule_id"]],
        )
        for row in rows
        if row["source_rule_id"] in families
    ]
