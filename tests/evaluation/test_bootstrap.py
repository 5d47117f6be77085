"""Against every possible draw, and against the book's formulas."""

import math
import time
from itertools import product

import numpy as np
import pytest

from harness_forge.evaluation import bootstrap
from harness_forge.evaluation.bootstrap import (
    cluster_bootstrap,
    paired_bootstrap,
    paired_interval,
    ratio,
    ratio_difference,
)


def test_the_draws_are_those_of_every_resample(monkeypatch):
    clusters = [(3, 4), (0, 2), (-1, 3), (2, 2)]
    every = sorted(sum(d for d, _ in s) / sum(n for _, n in s) for s in product(clusters, repeat=4))
    # The plain percentiles, so that drawing is compared and nothing else.
    monkeypatch.setattr(bootstrap, "bca_shares", lambda *_: (0.025, 0.975))
    drawn = paired_bootstrap(clusters, resamples=40_000)
    low, high = np.quantile(every, (0.025, 0.975))
    assert (drawn.low, drawn.high) == pytest.approx((low, high), abs=0.03)
    assert drawn.estimate == 4 / 11


def test_bca_leans_towards_the_long_tail():
    drawn = np.sort(np.random.default_rng(1).uniform(0, 6.8, 2001))

    def shares(values):
        table = np.array([(v, 1) for v in values], float)
        return bootstrap.bca_shares(table, ratio, drawn, drawn[1000], 0.05)

    right, left, even = shares([1, 2, 2, 3, 9]), shares([-9, -3, -2, -2, -1]), shares([1, 2, 3])
    assert min(right[0] - 0.025, right[1] - 0.975) > 0
    assert (1 - left[1], 1 - left[0]) == pytest.approx(right)
    assert even == pytest.approx((0.025, 0.975), abs=1e-3)


def test_bca_moves_by_twice_the_bias():
    # Efron and Tibshirani (1993), 14.10 without acceleration: Phi(2 z0 -/+ 1.96).
    drawn, table = np.arange(1001) / 1000, np.array([(1, 1), (2, 1), (3, 1)], float)
    low, high = bootstrap.bca_shares(table, ratio, drawn, 0.6, 0.05)
    assert (low, high) == pytest.approx((0.0731, 0.9932), abs=1e-3)


def test_whole_families_are_drawn():
    apart = paired_bootstrap([(1, 1)] * 10 + [(0, 1)] * 10)
    together = paired_bootstrap([(10, 10), (0, 10)])
    assert together.high - together.low > apart.high - apart.low
    assert together.estimate == apart.estimate == 0.5


def test_no_difference_and_one_family():
    assert paired_bootstrap([(0, 3), (0, 5)]).low == paired_bootstrap([(0, 3), (0, 5)]).high == 0
    alone = paired_bootstrap([(3, 4)])
    assert (alone.estimate, alone.low, alone.high) == (0.75, -1.0, 1.0)


def test_the_same_seed_gives_the_same_interval_whatever_the_order():
    clusters = [(2, 4), (1, 3), (0, 5), (-1, 2)]
    assert paired_bootstrap(clusters) == paired_bootstrap(clusters[::-1])
    assert paired_bootstrap(clusters, seed=1) != paired_bootstrap(clusters, seed=2)


def test_ten_thousand_resamples_of_a_hundred_families_take_two_seconds_at_most():
    started = time.process_time()
    paired_bootstrap([(n % 3 - 1, 1) for n in range(100)])
    assert time.process_time() - started < 2


def test_a_difference_of_two_means_needs_no_pairs():
    # 10 tokens an attempt against 30, in every family: no doubt at all.
    table = np.array([[20, 2, 30, 1], [10, 1, 90, 3], [30, 3, 60, 2]], float)
    interval = cluster_bootstrap(table, ratio_difference)
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((-20, -20, -20))


def test_what_has_no_items_has_no_interval():
    nothing = cluster_bootstrap(np.zeros((3, 4)), ratio_difference)
    assert math.isnan(nothing.estimate) and math.isnan(nothing.low)


def test_twenty_thousand_families_fit_into_memory():
    table = np.ones((20_000, 2))
    assert cluster_bootstrap(table, ratio, resamples=50).estimate == 1.0


def test_families_that_do_not_differ_have_an_interval_all_the_same():
    interval, by_score = paired_interval([(0, 4)] * 16, (0, 0))
    assert (interval.estimate, by_score) == (0, True)
    assert interval.high == pytest.approx(-interval.low) == pytest.approx(0.1936, abs=1e-4)
    all_won, by_score = paired_interval([(2, 2)] * 5, (10, 0))
    assert (all_won.high, by_score) == (1, True) and 0 < all_won.low < 0.5


def test_families_that_differ_are_drawn():
    clusters = [(1, 2), (0, 3), (2, 2)]
    assert paired_interval(clusters, (3, 0)) == (paired_bootstrap(clusters), False)
