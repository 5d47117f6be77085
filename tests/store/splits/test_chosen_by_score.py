"""How often the best of many useless candidates is promoted, if lm-eval's scores choose it.

A life of a holdout: k candidates that are no better than the base are scored, one after
the other. `python tests/store/splits/test_chosen_by_score.py` prints the whole table.
"""

import math
import random
from statistics import NormalDist

import pytest

from harness_forge.config.budget import BudgetConfig
from harness_forge.store.splits.levels import next_level
from harness_forge.store.splits.looks import Look

BUDGET, LIVES, NORMAL = BudgetConfig(), 3000, NormalDist()
FIRST = BUDGET.alpha / 2


def spent(most):
    """Return the levels that the ledger gives to candidates scored one after the other."""
    looks = []
    for n in range(most):
        look = Look("lamps", "lm-eval", f"c{n}", ["l1"], "", f"lm-{n}", tested=False)
        level = next_level(looks, look, BUDGET)
        looks.append(Look(**{**_facts(look), "number": level.number, "alpha": level.alpha}))
    tests = [Look("lamps", "model", f"c{n}", ["l1"], "", f"run-{n}") for n in range(most)]
    return [next_level(looks, test, BUDGET).alpha for test in tests]


def _facts(look):
    return {name: getattr(look, name) for name in look.__slots__}


LEVELS = spent(100)
CHOICES = {
    # The level of candidate `own` where `count` were scored so far, counted from 0 and 1.
    "free, as it was": lambda own, count: FIRST,
    "divided by those scored": lambda own, count: FIRST / count,
    "its scoring spends": lambda own, count: LEVELS[own],
}


def wrong(choice, k, correlation, patient, seed=17):
    """Return the share of lives in which a useless candidate is promoted.

    Args:
        patient: all are scored, and the best is tested; else the first that looks
            good enough for the level it would have is, and the best if none does.
    """
    draw, level, errors = random.Random(seed), CHOICES[choice], 0
    rest = math.sqrt(1 - correlation**2)
    for _ in range(LIVES):
        passes = [draw.gauss(0, 1) for _ in range(k)]
        scores = [correlation * z + rest * draw.gauss(0, 1) for z in passes]
        own, count = max(range(k), key=scores.__getitem__), k
        if not patient:
            good = (n for n in range(k) if 1 - NORMAL.cdf(scores[n]) < level(n, n + 1))
            own = next(good, own)
            count = own + 1 if 1 - NORMAL.cdf(scores[own]) < level(own, own + 1) else k
        errors += 1 - NORMAL.cdf(passes[own]) < level(own, count)
    return errors / LIVES


def most(rate):
    """Return the stated rate plus three standard errors."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / LIVES)


@pytest.mark.parametrize("patient", [True, False])
@pytest.mark.parametrize("correlation", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("k", [1, 10, 100])
def test_a_scoring_that_spends_keeps_the_level_whoever_is_chosen_and_when(k, correlation, patient):
    assert wrong("its scoring spends", k, correlation, patient) <= most(BUDGET.alpha)


def test_free_scores_do_not_keep_it():
    assert wrong("free, as it was", 10, 0.9, True) > most(BUDGET.alpha)


def test_neither_does_a_level_divided_by_those_scored_so_far():
    assert wrong("divided by those scored", 100, 1.0, True) <= most(FIRST)
    assert wrong("divided by those scored", 100, 1.0, False) > most(BUDGET.alpha)


def test_a_scoring_costs_the_candidate_nothing_more_than_its_look():
    assert LEVELS[:3] == [0.025, 0.0125, 0.00625]
    assert sum(LEVELS) <= BUDGET.alpha


if __name__ == "__main__":
    for choice in CHOICES:
        for correlation in (0.5, 0.9, 1.0):
            cells = [
                f"{100 * wrong(choice, k, correlation, patient):5.1f}%"
                for patient in (True, False)
                for k in (1, 10, 100)
            ]
            print(f"{choice:25}{correlation:4} {' '.join(cells)}")
