"""Writes docs/gate.md's section on replicates: errors and power of the test of a recipe.

python tests/bench/replicate_errors.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))

import numpy as np
from recipe_worlds import SIZES, SimulatedRecipe, sums
from sections import simulate

from harness_forge.config.budget import BudgetConfig
from harness_forge.evaluation.replicates import recipe_difference
from harness_forge.evaluation.statistics import sign_flip
from harness_forge.store.splits.levels import planned

GATES, SEED = 1000, 20261129
LOOKS = [planned(BudgetConfig(), look) for look in (1, 2, 3)]
NULLS = [
    SimulatedRecipe(3, 0.35, 0.35, alike, luck) for alike in (0, 0.2, 0.8) for luck in (0, 0.1, 0.2)
]
NULLS += [SimulatedRecipe(3, 0.1, 0.1, 0.5, luck) for luck in (0, 0.05)]
NULLS += [SimulatedRecipe(5, 0.35, 0.35, 0.2, luck) for luck in (0, 0.1)]
GAINS = [
    SimulatedRecipe(replicates, 0.25, 0.05, alike, luck)
    for replicates in (3, 5)
    for alike in (0.2, 0.5)
    for luck in (0, 0.05)
]


def main() -> None:
    """Simulate and write the section."""
    head = HEAD.format(gates=GATES, items=SIZES.sum(), clusters=len(SIZES), alpha=LOOKS[0])
    simulate(Path(__file__).name, head, (error_line, NULLS), POWER, (power_line, GAINS))


def error_line(recipe: SimulatedRecipe) -> str:
    """Return how often a recipe that is no better is called better."""
    found = simulated(recipe)
    cells = [f"{share(one[which] < LOOKS[0] for one in found):.1%}" for which in (0, 1)]
    cells += [f"{share(one[2] < alpha for one in found):.1%}" for alpha in LOOKS]
    facts = f"{recipe.replicates} | {recipe.rate:.0%} | {recipe.alike:g} | {100 * recipe.luck:g}"
    return f"| {facts} | {' | '.join(cells)} |"


def power_line(recipe: SimulatedRecipe) -> str:
    """Return how often a recipe's gain is found, by look; one adapter alone beside it."""
    found = simulated(recipe)
    cells = [f"{share(one[which] < a for one in found):.0%}" for which in (0, 2) for a in LOOKS]
    facts = f"{recipe.replicates} | {recipe.alike:g} | {100 * recipe.luck:g}"
    return f"| {facts} | {' | '.join(cells)} |"


def simulated(recipe: SimulatedRecipe) -> list[tuple[float, float, float]]:
    """Return p of one adapter alone, of all by clusters alone, and of the recipe."""
    draw, found = np.random.default_rng(SEED), []
    for _ in range(GATES):
        differences = sums(recipe, draw)
        one = sign_flip(list(zip(differences[0].tolist(), SIZES.tolist(), strict=True)))
        all_of_them = recipe_difference(differences, SIZES)
        found.append((one.greater, all_of_them.p_clusters_greater, all_of_them.p))
    return found


def share(found) -> float:
    """Return the share of gates that are so."""
    return sum(found) / GATES


HEAD = """## A recipe, by several adapters

Made by `python tests/bench/replicate_errors.py`. {gates} simulated gates a line on {items} items
in {clusters} clusters. Adapters of one recipe share half of what a cluster and an item have of
their own; "luck" is the standard deviation, in points, of what a seed adds to an adapter's rate
everywhere. The recipe is no better than the base model in the mean over seeds, so every "better"
is an error (stated: 2.5%, 1.25% and 0.63% at looks 1, 2 and 3). "One adapter" is what
`train.replicates=1` tests, read as a claim about the recipe; "clusters alone" takes the adapters
as they are. "The recipe" is `kind: recipe` of `conf/promote/replicates.yaml`: sign flips of
clusters and the test with two sources of variance (`evaluation/replicates.py`) must both clear.
At {alpha:g} unless another look is named.

| replicates | both pass | alike | luck | one adapter | clusters alone | the recipe | look 2 | 3 |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""

POWER = """
How often a gain from 5% to 25% is found, by looks 1, 2 and 3. One adapter claims less: that it is
better itself. Three replicates are few for a claim about all seeds, and fewer at every later look;
five find more than one adapter does.

| replicates | alike | luck | one adapter: 1 | 2 | 3 | the recipe: 1 | 2 | 3 |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""

if __name__ == "__main__":
    main()
