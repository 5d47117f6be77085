"""Bets on fresh items: valid whenever looked at, a cluster as the unit, whole batches."""

import math

import pytest
from fresh_streams import World, capitals, streams

from harness_forge.evaluation.fresh_evidence import capital, first_time, fresh_evidence

STREAMS, ALPHA = 300, 0.05
MOST = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / STREAMS)


def reached(world, read):
    """Return the share of streams whose capital ever reaches 1/alpha."""
    found = (capitals(read(*streams(world, seed))).max() for seed in range(STREAMS))
    return sum(highest >= 1 / ALPHA for highest in found) / STREAMS


def whole(means, arrived):
    return means


@pytest.mark.parametrize("kind", ["new", "fixed"])
@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_looking_after_every_batch_errs_no_more_than_stated(kind, alike):
    assert reached(World(kind, alike), whole) <= MOST


def test_quick_passes_fool_who_reads_as_they_arrive():
    world = World("new", 0.5, slow=4.0)
    assert reached(world, lambda means, arrived: arrived) > 0.5
    assert reached(world, whole) <= MOST


def test_the_same_lucky_clusters_again_are_no_proof_about_others():
    world = World("lucky", 0.5)
    assert reached(world, whole) > MOST
    assert reached(world, lambda means, arrived: means[:1]) <= MOST


def test_a_gain_is_shown_in_the_end():
    assert reached(World("new", 0.2, gain=0.15), whole) > 0.9


def test_the_capital_is_that_of_the_simulation():
    means, _ = streams(World(batches=3), 7)
    batches = [{n: (round(8 * mean), 8) for n, mean in enumerate(row)} for row in means]
    found = capital(batches)
    assert found.e_value == pytest.approx(capitals(means)[-1])
    assert found.p == pytest.approx(min(1.0, 1 / capitals(means).max()))
    assert found.clusters == 3 * 42


def test_nothing_seen_is_a_capital_of_one():
    found = fresh_evidence([], (0, 0))
    assert (found.whole.e_value, found.whole.p, found.difference) == (1.0, 1.0, None)


def test_a_cluster_that_comes_again_counts_once_for_others():
    batches = [{"a": (1, 1)}, {"a": (2, 2), "b": (1, 2)}]
    assert first_time(batches) == [{"a": (1, 1)}, {"b": (1, 2)}]
    found = fresh_evidence(batches, (4, 0))
    assert (found.whole.clusters, found.once.clusters, found.items) == (3, 2, 5)
    assert found.whole.e_value > found.once.e_value > 1


def test_p_keeps_the_highest_capital():
    won, lost = dict.fromkeys(range(8), (1, 1)), {n + 8: (-1, 1) for n in range(8)}
    found = capital([won, lost])
    assert found.e_value < 1
    assert found.p == 1 / capital([won]).e_value


def test_a_capital_beyond_floats_is_infinite_and_no_error():
    assert capital([dict.fromkeys(range(2000), (1, 1))]).e_value == math.inf


def test_impossible_clusters_are_refused():
    for cluster in ((0, 0), (3, 2)):
        with pytest.raises(ValueError, match="no cluster"):
            capital([{"a": cluster}])
