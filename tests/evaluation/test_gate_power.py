"""What the default rule can see, by simulation with its own tests."""

import pytest

from harness_forge.evaluation.gate_power import describe_gate, detectable_by_gate, gate_power
from harness_forge.evaluation.power import mcnemar_power

SIZES = (16, 14, 7, 6, 5, 2, *[1] * 18)


def test_nothing_to_find_is_found_no_more_often_than_the_level():
    assert gate_power(SIZES, 0.1, 0.1, 0.025, alike=0.5) <= 0.025 + 0.027


def test_independent_items_have_the_power_of_the_paired_test():
    # A one-sided test at 2.5% is the winning half of a two-sided one at 5%.
    found = gate_power([1] * 60, 0.25, 0.05, 0.025, alike=0.0)
    assert found == pytest.approx(mcnemar_power(60, 0.25, 0.05, 0.05), abs=0.1)


def test_items_that_are_alike_show_less():
    powers = [gate_power(SIZES, 0.25, 0.05, 0.025, alike) for alike in (0.0, 0.2, 0.8)]
    assert powers == sorted(powers, reverse=True)
    assert powers[0] > powers[2] + 0.1


def test_the_least_gain_has_just_the_power():
    least = detectable_by_gate(SIZES, 0.05, 0.025)
    assert gate_power(SIZES, 0.05 + least, 0.05, 0.025) >= 0.8
    assert gate_power(SIZES, least, 0.05, 0.025) < 0.8


def test_two_clusters_can_never_clear():
    assert detectable_by_gate((40, 28), 0.0, 0.025) is None
    assert describe_gate((40, 28), 0.025) == (
        "68 items in 2 clusters, alike by 0.2 within, one-sided 0.025: the default rule finds "
        "no gain, however large, four times of five"
    )


def test_a_spent_budget_finds_nothing():
    assert detectable_by_gate(SIZES, 0.0, 0.0) is None


def test_many_items_take_the_formula():
    assert 0 < detectable_by_gate((1,) * 100_000, 0.05, 0.025, 0.0) < 0.01
    assert "a gain of 0.28 points" not in describe_gate([1] * 4000, 0.025)


def test_nobody_gains_more_than_everything():
    with pytest.raises(ValueError, match="no population"):
        gate_power(SIZES, 0.9, 0.2, 0.05)
