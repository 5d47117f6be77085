"""Writes docs/gate.md's section on many candidates: how often a useless one is promoted.

python tests/bench/look_errors.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "promotion/rules"))
sys.path.insert(0, str(Path(__file__).parents[1] / "store/splits"))

from gate_errors import BY_FORM, tables, won_lost
from gate_simulation import generator, outcomes
from sections import put
from test_chosen_by_score import wrong

from harness_forge.config.budget import BudgetConfig
from harness_forge.evaluation.gate_power import clears
from harness_forge.store.splits.levels import planned

LIVES, CANDIDATES, RATE, ALIKE, SEED = 500, 40, 0.35, 0.5, 20261128


def main() -> None:
    """Simulate and write the section."""
    budget = BudgetConfig()
    levels = [planned(budget, look) for look in range(1, CANDIDATES + 1)]
    clones, ledger = promoted([[levels[0]] * CANDIDATES, levels])
    lines = [HEAD.format(lives=LIVES, candidates=CANDIDATES, alpha=budget.alpha)]
    lines += [
        f"| {CANDIDATES} candidates, each look 1 in a clone of its own | {clones:.1%} |",
        f"| {CANDIDATES} candidates, one ledger that git keeps | {ledger:.1%} |",
    ]
    for k in (1, 10, 100):
        free, spends = (
            max(wrong(choice, k, 1.0, patient) for patient in (True, False))
            for choice in ("free, as it was", "its scoring spends")
        )
        lines.append(f"| the best of {k} by lm-eval, if a scoring cost nothing | {free:.1%} |")
        lines.append(f"| the best of {k} by lm-eval, a scoring being a look | {spends:.1%} |")
    print("\n".join(lines))
    put("gate.md", Path(__file__).name, "\n".join(lines))


def promoted(plans: list[list[float]]) -> list[float]:
    """Return for each plan of levels the share of lives with a promotion."""
    draw, errors = generator(SEED), [0] * len(plans)
    for _ in range(LIVES):
        base = outcomes(draw, RATE, ALIKE)
        found = [(outcomes(draw, RATE, ALIKE), base) for _ in plans[0]]
        judged = [(won_lost(pair), tables(pair, BY_FORM)) for pair in found]
        for number, levels in enumerate(plans):
            errors[number] += any(
                clears(table, apart, level)
                for (apart, table), level in zip(judged, levels, strict=True)
            )
    return [count / LIVES for count in errors]


HEAD = """## Many candidates on one holdout

Made by `python tests/bench/look_errors.py`: the chance that any of them is promoted, none being
better than the base. By the default rule, {lives} lives of a holdout with {candidates} candidates
(both pass 35%, alike by 0.5). By lm-eval's scores with a test of exactly its level, scores that
follow the verdicts fully, and the worse of two ways to choose
([decisions/091](decisions/091-ledger-of-looks.md)). Stated: {alpha:.0%} over the life of a holdout;
5.1% is that within the simulation's error, for the levels add up to no more.

| | promoted |
|---|--:|"""

if __name__ == "__main__":
    main()
