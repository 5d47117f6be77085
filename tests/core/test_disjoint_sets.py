"""Sets that are joined pair by pair are led by their smallest, in whatever order."""

from itertools import permutations

from harness_forge.core.disjoint_sets import DisjointSets


def test_the_smallest_leads_whatever_the_order():
    for pairs in permutations([("d", "c"), ("b", "c"), ("f", "e")]):
        joined = DisjointSets[str]()
        for pair in pairs:
            joined.join(*pair)
        assert [joined.leader(one) for one in "abcdefg"] == list("abbbeeg")


def test_joining_twice_or_with_itself_changes_nothing():
    joined = DisjointSets[int]()
    joined.join(2, 1)
    joined.join(1, 2)
    joined.join(3, 3)
    assert [joined.leader(one) for one in (1, 2, 3)] == [1, 1, 3]
