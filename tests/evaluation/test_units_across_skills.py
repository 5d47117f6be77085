"""What is drawn and flipped as a whole, in one skill and across several."""

from eval_results import result

from harness_forge.evaluation.comparison import difference
from harness_forge.evaluation.rates import rate
from harness_forge.evaluation.units import units


def of(skill, item, cluster="", family="f", passed=False):
    return result(item, passed, family, skill=skill, cluster=cluster)


def joined(results):
    """Return the sets of (skill, unit) that count as one."""
    found = {}
    for key, leader in units((one.skill, one) for one in results).items():
        found.setdefault(leader, set()).add(key)
    return sorted(found.values(), key=sorted)


def test_in_one_skill_a_unit_is_itself():
    results = [of("red", "a", "a"), of("red", "b", "a"), of("red", "c", "c"), of("red", "d")]
    assert joined(results) == [{("red", "a")}, {("red", "c")}, {("red", "f")}]


def test_units_of_two_skills_with_an_item_in_common_are_one():
    # c is in both; e joins a second unit of blue to the same.
    results = [
        of("red", "a", "a"),
        of("red", "c", "a"),
        of("blue", "c", "b"),
        of("blue", "d", "b"),
        of("blue", "x", "x"),
    ]
    assert joined(results) == [{("blue", "b"), ("red", "a")}, {("blue", "x")}]


def test_a_cluster_named_by_an_item_of_another_skill_is_one_with_its_cluster():
    # The first item of the cluster was not held out in blue, and is not among its results.
    results = [of("red", "a", "a"), of("blue", "b", "a")]
    assert joined(results) == [{("blue", "a"), ("red", "a")}]


def test_families_of_one_name_in_two_skills_are_two():
    assert len(joined([of("red", "a"), of("blue", "b")])) == 2


def test_the_same_rules_in_two_skills_are_no_new_evidence():
    def pairs(skills):
        return [
            (of(skill, item, item, passed=True), of(skill, item, item))
            for skill in skills
            for item in "abcdef"
        ]

    once, twice = difference(pairs(["red"])), difference(pairs(["red", "blue"]))
    assert (once.pairs, twice.pairs) == (6, 12)
    assert once.p_clusters_greater == twice.p_clusters_greater == 1 / 2**6


def test_a_rate_over_two_skills_is_as_wide_as_over_one():
    def results(skills):
        return [of(s, item, item, passed=item in "abc") for s in skills for item in "abcdef"]

    one, two = rate(results(["red"])), rate(results(["red", "blue"]))
    assert (one.low, one.high) == (two.low, two.high)
    assert 0 < one.low < one.high < 1
