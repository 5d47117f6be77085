"""How often the gate is wrong, and how often it sees what is there: by simulation."""

import math

import pytest
from gate_simulation import CLUSTERS, RULE, gate, generator, outcomes

from harness_forge.config.budget import BudgetConfig
from harness_forge.config.compose.engine import compose
from harness_forge.config.promote import ConditionKind
from harness_forge.evaluation.statistics import mcnemar_greater
from harness_forge.store.splits.levels import planned

GATES = 2000


def most(rate, trials):
    """Return the stated rate plus three standard errors."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / trials)


def promoted(seed, gates, first, second, correlation, alpha):
    draw = generator(seed)
    return sum(
        promotes(outcomes(draw, first, correlation), outcomes(draw, second, correlation), alpha)
        for _ in range(gates)
    )


def promotes(first, second, alpha):
    """Return what the gate says; McNemar, which it needs, is asked first and saves minutes."""
    return better(first, second, alpha) and gate(first, second, alpha)


def better(first, second, alpha):
    """Return whether McNemar alone finds the first one better."""
    won = sum(a and not b for a, b in zip(first, second, strict=True))
    lost = sum(b and not a for a, b in zip(first, second, strict=True))
    return mcnemar_greater(won, lost) < alpha


@pytest.mark.parametrize("rate", [0.25, 0.35])
def test_what_mcnemar_does_not_pass_the_gate_does_not_either(rate):
    draw = generator(13)
    pairs = [(outcomes(draw, rate, 0.3), outcomes(draw, 0.2, 0.3)) for _ in range(150)]
    passed = [better(*pair, 0.05) for pair in pairs]
    assert [gate(*pair, 0.05) for pair in pairs] == [promotes(*pair, 0.05) for pair in pairs]
    assert 0 < sum(passed) < len(pairs)


@pytest.mark.parametrize(
    ("rate", "correlation"), [(0.35, 0.0), (0.35, 0.2), (0.1, 0.5), (0.6, 0.5)]
)
def test_nothing_better_is_promoted_more_often_than_stated(rate, correlation):
    alpha = 0.05
    wrong = promoted(7, GATES, rate, rate, correlation, alpha)
    assert wrong / GATES <= most(alpha, GATES)


def test_twins_fool_a_test_of_items_but_not_the_gate():
    draw, wrong, gates = generator(11), 0, 400
    for _ in range(gates):
        first, second = outcomes(draw, 0.35, 0.8), outcomes(draw, 0.35, 0.8)
        wrong += better(first, second, 0.05) or better(second, first, 0.05)
    assert wrong / gates > most(0.05, gates)  # items alone: too often
    assert promoted(11, gates, 0.35, 0.35, 0.8, 0.05) / gates <= most(0.05, gates)


def test_what_is_clearly_better_is_promoted():
    assert promoted(3, 300, 0.39, 0.04, 0.3, 0.025) / 300 > 0.9


def test_what_is_worse_is_not():
    assert promoted(3, 300, 0.2, 0.35, 0.3, 0.025) == 0


def test_a_hundred_nights_on_one_holdout_spend_one_budget():
    budget, lives = BudgetConfig(), 300
    assert sum(planned(budget, night) for night in range(1, 101)) <= budget.alpha
    draw, wrong = generator(5), 0
    for _ in range(lives):
        base = outcomes(draw, 0.35, 0.5)
        nights = ((outcomes(draw, 0.35, 0.5), planned(budget, n)) for n in range(1, 101))
        wrong += any(promotes(own, base, alpha) for own, alpha in nights)
    assert wrong / lives <= most(budget.alpha, lives)


def test_the_rule_simulated_is_the_rule_shipped():
    shipped = compose([]).promote.conditions
    assert {name: shipped[name].kind for name in RULE} == {n: c.kind for n, c in RULE.items()}
    assert shipped["enough_pairs"].minimum == RULE["enough_pairs"].minimum
    assert shipped["better"].alpha is shipped["better_cluster_by_cluster"].alpha is None
    assert shipped["better_by_cluster"].margin == 0.0
    assert {name: shipped[name].sided for name in RULE} == {n: c.sided for n, c in RULE.items()}
    assert {c.kind for c in RULE.values()} == {
        ConditionKind.pairs, ConditionKind.mcnemar, ConditionKind.bootstrap,
        ConditionKind.sign_flip,
    }  # fmt: skip
    assert sum(CLUSTERS) == 68
