"""The exact test against scipy's, and Tarone's correction."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from harness_forge.store.triggers.exact import Table, tails, tarone


@pytest.mark.parametrize("seed", range(20))
def test_one_stratum_is_fishers_test(seed):
    draw = np.random.default_rng(seed)
    items, passed, having = 60, int(draw.integers(0, 61)), int(draw.integers(0, 61))
    low, high = max(0, having + passed - items), min(having, passed)
    both = int(draw.integers(low, high + 1))
    table = [[both, having - both], [passed - both, items - passed - having + both]]
    found = tails([Table(items, passed, having, both)])
    assert found.passed == pytest.approx(fisher_exact(table, alternative="greater")[1])
    assert found.failed == pytest.approx(fisher_exact(table, alternative="less")[1])


def test_strata_that_are_all_alike_tell_nothing():
    found = tails([Table(50, 50, 40, 40), Table(50, 0, 10, 0)])
    assert found == (1.0, 1.0, 1.0, 1.0)


def test_strata_add_up():
    one = tails([Table(20, 10, 5, 5)])
    assert tails([Table(20, 10, 5, 5)] * 2).passed == pytest.approx(one.passed**2)


def test_phrases_too_rare_to_reach_the_level_are_no_tests():
    p, least = [1e-4, 0.2, 0.5], [1e-5, 0.2, 0.5]
    assert tarone(p, least, 0.01) == ([1e-4, 0.2, 0.5], 1)
    assert tarone([1e-4] * 3, [1e-5] * 3, 0.01)[1] == 3
