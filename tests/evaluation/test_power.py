"""Power of the paired test: against enumeration, simulation and a published table."""

import random
from itertools import product

import pytest

from harness_forge.evaluation.power import detectable, effective, mcnemar_power
from harness_forge.evaluation.statistics import mcnemar


def test_power_is_that_of_every_possible_outcome():
    gain, loss, chance = 0.5, 0.1, {1: 0.5, -1: 0.1, 0: 0.4}
    total = 0.0
    for outcome in product(chance, repeat=8):
        won, lost = outcome.count(1), outcome.count(-1)
        weight = 1.0
        for one in outcome:
            weight *= chance[one]
        total += weight * (won > lost and mcnemar(won, lost) < 0.05)
    assert mcnemar_power(8, gain, loss) == pytest.approx(total, abs=1e-9)


def test_power_is_as_simulated():
    draw, found, trials = random.Random(7).random, 0, 4000
    for _ in range(trials):
        won = lost = 0
        for _ in range(60):
            at = draw()
            won, lost = won + (at < 0.25), lost + (0.25 <= at < 0.33)
        found += won > lost and mcnemar(won, lost) < 0.05
    assert mcnemar_power(60, 0.25, 0.08) == pytest.approx(found / trials, abs=0.025)


def test_the_least_difference_has_just_the_power():
    least = detectable(62, 0.05)
    assert mcnemar_power(62, 0.05 + least, 0.05) == pytest.approx(0.8, abs=1e-3)
    assert mcnemar_power(62, 0.05 + least - 0.02, 0.05) < 0.8


def test_more_items_see_less_and_losses_cost():
    assert detectable(300) < detectable(62) < detectable(20)
    assert detectable(62, 0.1) > detectable(62, 0.0)
    assert detectable(62, alpha=0.0125) > detectable(62)


def test_too_few_items_see_nothing():
    assert detectable(5) is None  # five wins of five: p = 0.0625
    assert detectable(0) is None


def test_twins_count_once():
    assert effective(60, 60, 1.0) == 60
    assert effective(60, 20, 1.0) == 20
    assert effective(60, 20, 0.0) == 60
    assert effective(0, 0, 0.5) == 0


def test_nobody_gains_more_than_everything():
    with pytest.raises(ValueError, match="no population"):
        mcnemar_power(10, 0.9, 0.2)


def test_more_than_a_thousand_items_are_no_trouble():
    assert detectable(1500, 0.05) < 0.03


def test_a_hundred_thousand_items_take_no_time_and_agree_with_the_exact_sum(monkeypatch):
    nearly = mcnemar_power(2500, 0.07, 0.05)
    monkeypatch.setattr("harness_forge.evaluation.power._EXACT", 10**9)
    assert nearly == pytest.approx(mcnemar_power(2500, 0.07, 0.05), abs=0.02)
    monkeypatch.undo()
    assert 0 < detectable(100_000, 0.05) < 0.01
