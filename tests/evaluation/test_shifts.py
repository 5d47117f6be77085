"""The permutation test of days: exact where it can be, and no more alarms than it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import permutation_test

from harness_forge.evaluation.shifts import shift

LAST_FOUR = np.array([False] * 5 + [True] * 4)


def test_one_family_is_the_permutation_test_of_scipy():
    counts = np.full((9, 1), 20.0)
    sums = np.array([[15, 14, 17, 13, 16, 12, 14, 11, 13]], dtype=float).T
    found = shift(counts, sums, LAST_FOUR)
    known = permutation_test(
        (sums[LAST_FOUR, 0] / 20, sums[~LAST_FOUR, 0] / 20),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=math.inf, alternative="less", vectorized=True,
    )  # fmt: skip
    assert found.lower == pytest.approx(known.pvalue)
    assert found.change == pytest.approx(known.statistic)
    assert found.smallest == 1 / math.comb(9, 4)


def test_harder_work_is_no_decline():
    # Each family is as good as before; the recent days have more of the hard one.
    counts = np.array([[90.0, 10.0]] * 5 + [[10.0, 90.0]] * 4)
    sums = counts * [0.9, 0.3]
    found = shift(counts, sums, LAST_FOUR)
    assert found.recent < found.before - 0.4
    assert found.change == pytest.approx(0)
    assert found.lower > 0.5


def test_what_only_one_window_has_is_left_out():
    counts = np.array([[10.0, 0.0]] * 5 + [[0.0, 10.0]] * 4)
    found = shift(counts, counts / 2, LAST_FOUR)
    assert found.change is None
    assert (found.lower, found.left_out) == (1, 90)


def days(draw, spread, drop=0.0, families=8):
    """Yield counts and sums of 35 days with a spread of their own."""
    counts = draw.integers(0, 12, (35, families)).astype(float)
    level = 0.6 + draw.normal(0, spread, (35, 1)) - drop * (np.arange(35)[:, None] >= 28)
    return counts, draw.binomial(counts.astype(int), np.clip(level, 0, 1)).astype(float)


LAST_WEEK = np.arange(35) >= 28


def test_alarms_without_a_change_are_as_rare_as_alpha_although_days_differ():
    draw = np.random.default_rng(7)
    found = [shift(*days(draw, spread=0.1), LAST_WEEK, seed=n).lower for n in range(400)]
    rare = sum(p <= 0.05 for p in found)
    # 20 are expected; more than 35 of 400 has a chance of 1 in 1,000.
    assert 4 <= rare <= 35


def test_a_fall_of_fifteen_points_is_found():
    draw = np.random.default_rng(8)
    found = [shift(*days(draw, spread=0.05, drop=0.15), LAST_WEEK, seed=n) for n in range(20)]
    assert sum(one.lower <= 0.01 for one in found) >= 18
    assert all(one.change < 0 for one in found)


def test_the_same_rows_give_the_same_p():
    counts, sums = days(np.random.default_rng(9), spread=0.1, drop=0.1)
    assert shift(counts, sums, LAST_WEEK, seed=3) == shift(counts, sums, LAST_WEEK, seed=3)
