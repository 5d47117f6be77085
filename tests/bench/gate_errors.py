"""Writes docs/gate.md's section on the default rule: its errors and its power, by simulation.

python tests/bench/gate_errors.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "promotion/rules"))

import numpy as np
from gate_simulation import CLUSTERS, FAMILIES, generator, outcomes
from sections import simulate

from harness_forge.config.budget import BudgetConfig, Schedule
from harness_forge.evaluation.bootstrap import paired_bootstrap
from harness_forge.evaluation.gate_power import clears
from harness_forge.evaluation.statistics import mcnemar_greater, sign_flip
from harness_forge.store.splits.levels import planned

GATES, SEED = 2000, 20261121
LOOKS = [planned(BudgetConfig(), look) for look in (1, 2, 3)]
EVEN = planned(BudgetConfig(schedule=Schedule.even, looks=3), 1)
BY_FORM = np.repeat(np.arange(len(CLUSTERS)), CLUSTERS)
ALIKE = (0.0, 0.2, 0.5, 0.8)

Pairs = Sequence[tuple[list[bool], list[bool]]]


def main() -> None:
    """Simulate and write the section."""
    alpha = LOOKS[0]
    head = HEAD.format(gates=GATES, items=sum(CLUSTERS), clusters=len(CLUSTERS), alpha=alpha)
    nulls = [(rate, rate, alike) for rate in (0.35, 0.1) for alike in ALIKE]
    gains = [(0.05, rate, alike) for rate in (0.25, 0.4) for alike in ALIKE]
    power = POWER.format(even=EVEN)
    simulate(Path(__file__).name, head, (error_line, nulls), power, (power_line, gains))


def error_line(world: tuple[float, float, float]) -> str:
    """Return how often nothing better is promoted, by three rules."""
    base, rate, alike = world
    found = [
        (won_lost(pair), tables(pair, np.array(FAMILIES)), tables(pair, BY_FORM))
        for pair in simulated(base, rate, alike)
    ]
    alone = share(mcnemar_greater(*apart) < LOOKS[0] for apart, _, _ in found)
    family = share(clears(table, apart, LOOKS[0]) for apart, table, _ in found)
    form = share(clears(table, apart, LOOKS[0]) for apart, _, table in found)
    return f"| {rate:.0%} | {alike:g} | {alone:.1%} | {family:.1%} | {form:.1%} |"


def power_line(world: tuple[float, float, float]) -> str:
    """Return how often a gain is promoted, by look and by variant of the rule."""
    base, rate, alike = world
    found = [(won_lost(pair), tables(pair, BY_FORM)) for pair in simulated(base, rate, alike)]
    cells = [
        share(cleared_before(apart, table, alpha) for apart, table in found) for alpha in LOOKS
    ]
    cells += [share(clears(table, apart, alpha) for apart, table in found) for alpha in LOOKS]
    cells.append(share(clears(table, apart, EVEN) for apart, table in found))
    return (
        f"| {base:.0%} to {rate:.0%} | {alike:g} | " + " | ".join(f"{c:.0%}" for c in cells) + " |"
    )


def simulated(base: float, rate: float, alike: float) -> Pairs:
    """Return passes of adapter and base for each gate."""
    draw = generator(SEED)
    return [(outcomes(draw, rate, alike), outcomes(draw, base, alike)) for _ in range(GATES)]


def won_lost(pair: tuple[list[bool], list[bool]]) -> tuple[int, int]:
    """Return the pairs that only the first, and that only the second passed."""
    first, second = map(np.array, pair)
    return int((first & ~second).sum()), int((second & ~first).sum())


def tables(pair: tuple[list[bool], list[bool]], labels: np.ndarray) -> list[tuple[int, int]]:
    """Return the difference of passes and the number of items of each cluster."""
    difference = np.array(pair[0], int) - np.array(pair[1], int)
    sums = np.bincount(labels, weights=difference)
    return [(int(d), int(n)) for d, n in zip(sums, np.bincount(labels), strict=True) if n]


def cleared_before(apart, table, alpha: float) -> bool:
    """Return whether the tests clear as they were: two-sided, all items of one weight."""
    flips = sign_flip([(d, 1) for d, _ in table])
    return max(mcnemar_greater(*apart), flips.greater) < alpha / 2 and (
        paired_bootstrap(table).low > 0
    )


def share(found) -> float:
    """Return the share of gates that promote."""
    return sum(found) / GATES


HEAD = """## The default rule

Made by `python tests/bench/gate_errors.py`. {gates} simulated gates a line on the {items} held-out
new rules of the skill `stig`, whose answers have {clusters} forms (one form has 16 rules, 18 have
one), at level {alpha:g}, the first look's. Promoted if all tests of `conf/promote/default.yaml`
clear: exact one-sided McNemar, clustered bootstrap, sign flips of clusters. Each policy draws its
own rate for every form; "alike" is the correlation of two rules of one form: 0 none, 1 equal. Both
policies are as good, so every promotion is an error.

| both pass | alike | McNemar alone | families as clusters | the rule: forms as clusters |
|--:|--:|--:|--:|--:|"""

POWER = """
How often a real gain is promoted, at looks 1, 2 and 3. Before: two-sided, and every item of a
cluster with the same weight. Now: one-sided, since only a win promotes, and a cluster of n items
counts by its difference over the square root of n. With `budget.schedule=even budget.looks=3` each
of three looks has level {even:.4f}, and a fourth has none; the default halves and never ends.

| base to adapter | alike | before: 1 | 2 | 3 | now: 1 | 2 | 3 | even: each |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""

if __name__ == "__main__":
    main()
