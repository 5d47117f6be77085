"""Against published figures, and against counting every case."""

import math
from itertools import product
from math import comb
from statistics import NormalDist

import pytest

from harness_forge.evaluation.statistics import (
    clustered_rate,
    mcnemar,
    mcnemar_greater,
    sign_flip,
    tango,
    wilson,
)


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


def test_sign_flips_count_every_choice_of_signs():
    for clusters in ([3, -1, 2], [1, 1, 1, -1, 2], [4], [0, 2, 2, -2], []):
        sums = [
            sum(sign * one for sign, one in zip(signs, clusters, strict=True))
            for signs in product((-1, 1), repeat=len(clusters))
        ]
        # Clusters of one size have one weight.
        found = sign_flip([(one, 4) for one in clusters])
        as_far = sum(abs(one) >= abs(sum(clusters)) for one in sums)
        assert found.two_sided == pytest.approx(as_far / len(sums))
        as_large = sum(one >= sum(clusters) for one in sums)
        assert found.greater == pytest.approx(as_large / len(sums))
        assert found.clusters == sum(map(bool, clusters))


def test_sign_flips_of_single_items_are_mcnemar():
    found = sign_flip([(1, 1)] * 14 + [(-1, 1)] * 4 + [(0, 1)] * 30)
    assert found.two_sided == pytest.approx(mcnemar(14, 4))
    assert found.greater == pytest.approx(mcnemar_greater(14, 4))


def test_a_large_cluster_counts_for_more_than_one_item_and_less_than_all_of_its_own():
    # A cluster of 16 that is lost whole weighs as much as 4 single items that are won.
    singles = [(1, 1)] * 5
    assert sign_flip([(16, 16), *singles]).greater == 2**-6
    assert sign_flip([(-16, 16), *singles]).greater == 0.5
    assert sign_flip([(-1, 16), *singles]).greater == 2 / 64


def test_sign_flips_of_a_thousand_clusters_are_exact_and_quick():
    one, other = ([(sign * d, 3) for d in (3, -2, 1, 1)] * 250 for sign in (1, -1))
    assert sign_flip(one).two_sided == pytest.approx(sign_flip(other).two_sided)
    assert 0 < sign_flip([(2, 2)] * 60).two_sided == 2 / 2**60


def test_one_sided_mcnemar_is_the_tail_of_the_wins():
    for n in range(1, 10):
        for won in range(n + 1):
            tail = sum(comb(n, k) for k in range(won, n + 1)) / 2**n
            assert mcnemar_greater(won, n - won) == pytest.approx(tail)


@pytest.mark.parametrize(
    ("first", "second", "pairs", "low", "high"),
    # Fagerland, Lydersen and Laake (2014), table 3: airway hyper-responsiveness of 21 children.
    [(1, 7, 21, -0.517, -0.026)],
)
def test_tango_gives_the_published_interval(first, second, pairs, low, high):
    found = tango(first, second, pairs)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)


@pytest.mark.parametrize("counts", [(1, 7, 21), (0, 0, 16), (5, 0, 9), (0, 3, 3), (4, 4, 8)])
def test_tango_holds_the_differences_that_a_score_test_does_not_reject(counts):
    found, z = tango(*counts), NormalDist().inv_cdf(0.975)
    kept = [delta / 500 for delta in range(-499, 500) if abs(score(*counts, delta / 500)) <= z]
    assert found.low == pytest.approx(min(kept), abs=0.0021) or found.low == -1
    assert found.high == pytest.approx(max(kept), abs=0.0021) or found.high == 1


def score(first, second, pairs, delta):
    """Return the score statistic, the share of pairs only the second passed found by search."""
    same = pairs - first - second

    def likelihood(q):
        terms = ((first, q + delta), (second, q), (same, 1 - 2 * q - delta))
        if any(count and p <= 0 for count, p in terms):
            return -math.inf
        return sum(count * math.log(p) for count, p in terms if count)

    low, high = max(0.0, -delta), (1 - delta) / 2
    for _ in range(80):  # the likelihood has one top
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if likelihood(left) > likelihood(right) else (left, high)
    q = (low + high) / 2
    variance = pairs * (2 * q + delta - delta**2)
    return (first - second - pairs * delta) / math.sqrt(max(variance, 1e-12))


def test_nothing_against_nothing_has_a_width_that_shrinks_with_the_pairs():
    few, many = tango(0, 0, 16), tango(0, 0, 160)
    assert few.high == pytest.approx(-few.low) == pytest.approx(3.8415 / (16 + 3.8415), abs=1e-4)
    assert 0 < many.high < few.high
    assert (tango(0, 0, 0).low, tango(0, 0, 0).high) == (-1, 1)
