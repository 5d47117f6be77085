"""Writes docs/gate.md's section on fresh items: errors and power of bets that may be looked at.

python tests/bench/fresh_errors.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import NormalDist

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))

import numpy as np
from fresh_streams import EACH, World, capitals, streams
from sections import simulate

STREAMS, ALPHA = 2000, 0.05
WORDS = {
    "new": "other clusters in every batch",
    "fixed": "the same clusters, even among these",
    "lucky": "the same clusters, even among those they were drawn of",
}
NULLS = [
    World(kind, alike, slow=slow)
    for kind in WORDS
    for alike, slow in ((0.0, 1.0), (0.2, 1.0), (0.5, 1.0), (0.5, 4.0))
]
GAINS = [World(kind, 0.2, gain) for kind in ("fixed", "new") for gain in (0.05, 0.1, 0.2)]
AFTER = (1, 2, 4, 8)


def main() -> None:
    """Simulate and write the section."""
    head = HEAD.format(streams=STREAMS, alpha=ALPHA, each=EACH)
    simulate(Path(__file__).name, head, (error_line, NULLS), POWER, (power_line, GAINS))


def error_line(world: World) -> str:
    """Return how often equal policies are called different, by four ways to read a stream."""
    wrong = np.zeros(4)
    for seed in range(STREAMS):
        whole, arrived = streams(world, seed)
        once = whole[:1] if world.kind != "new" else whole
        wrong += [
            _tested_at_any_batch(whole),
            *(capitals(read).max() >= 1 / ALPHA for read in (arrived, whole, once)),
        ]
    slow = f"{world.slow:g}"
    cells = " | ".join(f"{share:.1%}" for share in wrong / STREAMS)
    return f"| {WORDS[world.kind]} | {world.alike:g} | {slow} | {cells} |"


def power_line(world: World) -> str:
    """Return how often a gain is shown after so many batches."""
    found = np.zeros(len(AFTER))
    for seed in range(STREAMS):
        best = np.maximum.accumulate(capitals(streams(world, seed)[0]))
        found += [best[batches - 1] >= 1 / ALPHA for batches in AFTER]
    cells = " | ".join(f"{share:.0%}" for share in found / STREAMS)
    return f"| {WORDS[world.kind]} | {100 * world.gain:g} | {cells} |"


def _tested_at_any_batch(whole: np.ndarray) -> bool:
    """Return whether sign flips of all clusters so far, by the normal distribution, ever clear."""
    sums, squares = whole.sum(axis=1).cumsum(), (whole**2).sum(axis=1).cumsum()
    return bool((sums > NormalDist().inv_cdf(1 - ALPHA) * np.sqrt(squares)).any())


HEAD = """## Fresh items, looked at after every batch

Made by `python tests/bench/fresh_errors.py`: {streams} simulated streams a line of 8 batches of
fresh items, 42 clusters with {each} items each, two policies that pass 40%. Looked at after every
batch (`forge compare --fresh`, alpha {alpha:g}); any "better" is an error. "Alike" as above. Sign
flips at {alpha:g} after every batch err; bets (`evaluation/fresh_evidence.py`) do not. Read as they
arrive, quick passes count before slow failures; so a batch counts when it is whole.

Bets speak of the clusters that they see. Where the same ones come again, their luck comes again
too: "whole batches" then says nothing about others (the last four lines). What holds of clusters
never seen is "each cluster once", which the command shows beside it.

| clusters | alike | failures slower by | flips | as they arrive | whole batches | each once |
|---|--:|--:|--:|--:|--:|--:|"""

POWER = """
How often a gain is shown by whole batches, alike by 0.2:

| clusters | gain, points | after 1 batch | 2 | 4 | 8 |
|---|--:|--:|--:|--:|--:|"""

if __name__ == "__main__":
    main()
