"""Cohen's kappa against the worked example of a textbook, and where it says nothing."""

import math

from harness_forge.evaluation.agreement import cohen_kappa


def rated(counts):
    """Return ratings by (first, second) counts, each item a family of its own."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    return [(f"family {number}", *pair) for number, pair in enumerate(pairs)]


def test_is_as_counted_by_hand():
    # Seen 35/50; by chance 1/2 * 6/10 + 1/2 * 4/10.
    found = cohen_kappa(rated({(1, 1): 20, (1, 0): 5, (0, 1): 10, (0, 0): 15}))
    assert found.items == 50
    assert math.isclose(found.agree, 0.7)
    assert math.isclose(found.kappa, 0.4)
    # Fleiss, Cohen and Everitt (1969): standard error 0.1287.
    assert abs(found.low - (0.4 - 1.96 * 0.1287)) < 0.04
    assert abs(found.high - (0.4 + 1.96 * 0.1287)) < 0.04


def test_agreeing_always_is_one_and_never_is_below_nothing():
    assert cohen_kappa(rated({(1, 1): 5, (0, 0): 5})).kappa == 1
    assert cohen_kappa(rated({(1, 0): 5, (0, 1): 5})).kappa == -1


def test_three_verdicts_have_one_too():
    counts = {("a", "a"): 4, ("b", "b"): 3, ("tie", "tie"): 3, ("a", "tie"): 2}
    assert 0.7 < cohen_kappa(rated(counts)).kappa < 0.8


def test_one_verdict_alone_and_nothing_at_all_say_nothing():
    assert math.isnan(cohen_kappa(rated({(1, 1): 9})).kappa)
    assert cohen_kappa([]).as_dict() == {
        "items": 0, "agree": None, "kappa": None, "low": None, "high": None,
    }  # fmt: skip


def test_one_family_has_no_interval():
    found = cohen_kappa([("net", 1, 1), ("net", 0, 0), ("net", 1, 0)])
    assert math.isfinite(found.kappa)
    assert found.as_dict()["low"] is None


def test_items_of_a_family_are_drawn_together():
    alone = rated({(1, 1): 20, (1, 0): 5, (0, 1): 10, (0, 0): 15})
    clustered = [(number // 5, *pair) for number, (_, *pair) in enumerate(alone)]
    wide, narrow = cohen_kappa(clustered), cohen_kappa(alone)
    assert wide.high - wide.low > narrow.high - narrow.low
