"""Against published figures, and against counting every case."""

import random
import time
from itertools import product
from math import comb

import pytest

from harness_forge.evaluators import statistics
from harness_forge.evaluators.statistics import clustered_rate, mcnemar, paired_bootstrap, wilson


@pytest.mark.parametrize(
    ("one", "other", "p"),
    # Fagerland, Lydersen and Laake (2013), tables 1 and 2: exact conditional test.
    [(1, 7, 0.0703), (6, 16, 0.0525)],
)
def test_mcnemar_is_as_published(one, other, p):
    assert mcnemar(one, other) == mcnemar(other, one) == pytest.approx(p, abs=5e-5)


def test_mcnemar_counts_every_outcome_that_is_as_odd():
    for n in range(1, 12):
        for seen in range(n + 1):
            odd = sum(comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= abs(2 * seen - n))
            assert mcnemar(seen, n - seen) == pytest.approx(odd / 2**n, abs=1e-12)


def test_mcnemar_of_no_difference_and_of_a_huge_one():
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1.0
    assert mcnemar(0, 20) == 2 / 2**20
    assert 0 <= mcnemar(0, 3000) < 1e-300
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)


@pytest.mark.parametrize(
    ("passed", "items", "low", "high"),
    # Newcombe (1998), table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(passed, items, low, high):
    interval = wilson(passed, items)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    other = wilson(items - passed, items)
    assert (other.low, other.high) == pytest.approx((1 - interval.high, 1 - interval.low))


def test_a_rate_of_nothing_is_unknown():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert clustered_rate([]).high == 1.0


def test_families_that_agree_within_widen_the_interval():
    scattered = clustered_rate([(1, 2)] * 10)
    clumped = clustered_rate([(2, 2), (0, 2)] * 5)
    plain = wilson(10, 20)
    assert (scattered.low, scattered.high) == (plain.low, plain.high)  # never narrower
    # Twins count once, but for the one family that the mean costs: 20 / (2 · 10/9) = 9.
    assert clumped.low == pytest.approx(wilson(4.5, 9).low)
    assert clumped.low < plain.low < plain.high < clumped.high


def test_a_rate_of_zero_still_has_an_upper_bound():
    assert clustered_rate([(0, 5), (0, 5)]) == wilson(0, 10)


def test_the_draws_are_those_of_every_resample(monkeypatch):
    clusters = [(3, 4), (0, 2), (-1, 3), (2, 2)]
    every = sorted(sum(d for d, _ in s) / sum(n for _, n in s) for s in product(clusters, repeat=4))
    # The plain percentiles, so that drawing is compared and nothing else.
    monkeypatch.setattr(statistics, "_bca_shares", lambda *_: (0.025, 0.975))
    drawn = paired_bootstrap(clusters, resamples=40_000)
    quantile = statistics._quantile
    assert drawn.low == pytest.approx(quantile(every, 0.025), abs=0.03)
    assert drawn.high == pytest.approx(quantile(every, 0.975), abs=0.03)
    assert drawn.estimate == 4 / 11


def test_bca_leans_towards_the_long_tail():
    drawn = sorted(random.Random(1).uniform(0, 6.8) for _ in range(2001))

    def shares(values):
        return statistics._bca_shares([(v, 1) for v in values], drawn, drawn[1000], 0.05)

    right, left, even = shares([1, 2, 2, 3, 9]), shares([-9, -3, -2, -2, -1]), shares([1, 2, 3])
    assert min(right[0] - 0.025, right[1] - 0.975) > 0
    assert (1 - left[1], 1 - left[0]) == pytest.approx(right)
    assert even == pytest.approx((0.025, 0.975), abs=1e-3)


def test_bca_moves_by_twice_the_bias():
    # Efron and Tibshirani (1993), 14.10 without acceleration: Phi(2 z0 -/+ 1.96).
    drawn = [n / 1000 for n in range(1001)]
    low, high = statistics._bca_shares([(1, 1), (2, 1), (3, 1)], drawn, 0.6, 0.05)
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
