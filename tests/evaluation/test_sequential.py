"""The test of live traffic: errors and power by simulation, looked at after every outcome."""

import math
import random

import pytest

from harness_forge.evaluation.sequential import SequentialTest

ALPHA = 0.05


def stream(seed, rate_a, rate_b, requests, weight=0.5):
    """Return the lowest p that anybody could have seen, and after how many requests."""
    draw, test = random.Random(seed).random, SequentialTest(weight)
    for number in range(1, requests + 1):
        arm_b = draw() < weight
        reading = test.add(arm_b, draw() < (rate_b if arm_b else rate_a))
        if reading.p <= ALPHA:
            return reading.p, number
    return reading.p, requests


@pytest.mark.parametrize(("rate", "weight"), [(0.5, 0.5), (0.9, 0.2), (0.05, 0.5)])
def test_peeking_at_every_request_errs_as_seldom_as_promised(rate, weight):
    streams = 400
    wrong = sum(stream(seed, rate, rate, 400, weight)[0] <= ALPHA for seed in range(streams))
    assert wrong <= streams * ALPHA + 3 * math.sqrt(streams * ALPHA * (1 - ALPHA))


def test_a_difference_is_found():
    found = [stream(seed, 0.4, 0.7, 2000) for seed in range(40)]
    assert sum(p <= ALPHA for p, _ in found) >= 36
    assert sorted(n for _, n in found)[20] < 500


def test_the_worse_arm_is_found_too():
    draw, test = random.Random(1).random, SequentialTest(0.2)
    for _ in range(3000):
        arm_b = draw() < 0.2
        reading = test.add(arm_b, draw() < (0.3 if arm_b else 0.7))
    assert reading.p <= ALPHA and reading.difference == pytest.approx(-0.4, abs=0.08)


def test_a_share_that_changes_fools_nobody():
    # Success gets rarer while traffic moves to B: pooled rates differ, the arms do not.
    streams, wrong = 200, 0
    for seed in range(streams):
        draw, test = random.Random(seed).random, SequentialTest()
        best = 1.0
        for number in range(400):
            share, rate = (0.2, 0.8) if number < 200 else (0.8, 0.2)
            best = min(best, test.add(draw() < share, draw() < rate, share).p)
        wrong += best <= ALPHA
    assert wrong <= streams * ALPHA + 3 * math.sqrt(streams * ALPHA * (1 - ALPHA))


def test_p_never_rises_and_counts_are_kept():
    test, seen = SequentialTest(), []
    for number in range(200):
        reading = test.add(number % 2 == 1, number % 3 == 0)
        seen.append(reading.p)
    assert seen == sorted(seen, reverse=True)
    assert reading.seen == (100, 100) and reading.passed == (34, 33)


def test_a_long_stream_overflows_nowhere():
    test = SequentialTest()
    for number in range(20_000):
        reading = test.add(number % 2 == 1, number % 2 == 1)
    assert reading.p == 0.0 or reading.p < 1e-300
    assert reading.e_value == math.inf


def test_an_arm_without_requests_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        SequentialTest(1.0)
