"""Prints docs/gate.md's tables: how often the default rule promotes, by simulation.

python tests/bench/gate_errors.py > docs/gate.md
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "promotion/rules"))

from gate_simulation import FAMILIES, gate, generator, outcomes

from harness_forge.evaluation.power import detectable
from harness_forge.evaluation.statistics import mcnemar

GATES, SEED, ALPHA = 2000, 20261121, 0.025
"""Level of the first look at a holdout."""


def main() -> None:
    """Simulate and print."""
    print(HEAD.format(gates=GATES, items=sum(FAMILIES), families=len(FAMILIES), alpha=ALPHA))
    print("| base | adapter | alike within a family | McNemar alone | the gate |")
    print("|--:|--:|--:|--:|--:|")
    for base, gain in ((0.35, 0.0), (0.1, 0.0), (0.05, 0.1), (0.05, 0.2), (0.05, 0.35)):
        for correlation in (0.0, 0.2, 0.5, 0.8):
            alone, both = promoted(base + gain, base, correlation)
            row = f"| {base:.0%} | {base + gain:.0%} | {correlation:g} | {alone:.1%} | {both:.1%} |"
            print(row, flush=True)
    print(MIDDLE)
    print("| items | nothing lost | 5% lost | 10% lost |")
    print("|--:|--:|--:|--:|")
    for items in (30, 62, 69, 100, 200, 500):
        least = [detectable(items, loss, ALPHA) for loss in (0.0, 0.05, 0.1)]
        told = " | ".join("-" if one is None else f"{100 * one:.0f}" for one in least)
        print(f"| {items} | {told} |", flush=True)


def promoted(first: float, second: float, correlation: float) -> tuple[float, float]:
    """Return how often McNemar alone, and the whole gate, finds the first one better."""
    draw, alone, both = generator(SEED), 0, 0
    for _ in range(GATES):
        one, other = outcomes(draw, first, correlation), outcomes(draw, second, correlation)
        won = sum(a and not b for a, b in zip(one, other, strict=True))
        lost = sum(b and not a for a, b in zip(one, other, strict=True))
        if won > lost and mcnemar(won, lost) < ALPHA:
            alone += 1
            both += gate(one, other, ALPHA)
    return alone / GATES, both / GATES


HEAD = """# How often the gate is wrong

Made by `python tests/bench/gate_errors.py`. {gates} simulated gates a line, {items} held-out items
in {families} families, level {alpha:g} (the first look at a holdout), promoted if all tests of
`conf/promote/default.yaml` clear: exact McNemar, family-clustered bootstrap, sign flips of whole
families. Each policy draws its own rate in every family; "alike" is the correlation of two items
of one family: 0 none, 1 twins. Where both rates are equal every promotion is an error.
"""

MIDDLE = """
The least gain in points that is found with a chance of 80%, items independent (`forge power`):
"""

if __name__ == "__main__":
    main()
