from dataclasses import replace

import pytest
from eval_results import result

from harness_forge.core.errors import EvalError
from harness_forge.evaluation import result_files
from harness_forge.evaluation.comparison import compare
from harness_forge.evaluation.rates import rates

ADAPTER = [
    result("a1", True, "a"),
    result("a2", True, "a"),
    result("b1", True, "b"),
    result("b2", False, "b"),
    result("n1", False, "n", "new_family"),
]
BASE = [replace(r, passed=r.item_id in ("a1", "b2")) for r in ADAPTER]


def test_counts_add_up_by_part_and_family():
    made = compare(ADAPTER, BASE, ("adapter", "base"))
    assert list(made.parts) == ["new_rule", "new_family", "all"]
    rule = made.parts["new_rule"]
    assert (rule.pairs, rule.both, rule.only_first, rule.only_second, rule.neither) == (
        4,
        1,
        2,
        1,
        0,
    )
    assert rule.difference == 0.25
    assert made.parts["new_family"].neither == 1
    assert made.families["stig:a"].only_first == 1
    assert [flip.item_id for flip in made.gained] == ["a2", "b1"]
    assert [flip.item_id for flip in made.lost] == ["b2"]


def test_the_other_way_round_is_the_same_with_its_sign_turned():
    one, other = compare(ADAPTER, BASE).parts["all"], compare(BASE, ADAPTER).parts["all"]
    assert other.difference == -one.difference
    assert other.p_mcnemar == one.p_mcnemar == 1.0


def test_a_fault_on_either_side_leaves_the_pair_out():
    first = [replace(ADAPTER[0], infrastructure=True, passed=False), *ADAPTER[1:]]
    second = [BASE[0], replace(BASE[1], infrastructure=True), *BASE[2:]]
    made = compare(first, second).parts["new_rule"]
    assert (made.pairs, made.left_out) == (2, 2)
    assert rates(first)["new_rule"].items == 3
    assert rates(first)["new_rule"].infrastructure == 1


def test_nothing_left_to_compare_is_no_evidence():
    faulty = [replace(r, infrastructure=True) for r in ADAPTER]
    made = compare(faulty, BASE).parts["all"]
    assert (made.difference, made.p_mcnemar, made.low, made.high) == (None, 1.0, -1.0, 1.0)
    assert rates(faulty)["all"].rate is None


def test_an_item_twice_is_refused():
    with pytest.raises(EvalError, match="base: stig/a1 is in it twice"):
        compare(ADAPTER, [*BASE, BASE[0]], ("adapter", "base"))


def test_other_items_are_refused():
    with pytest.raises(EvalError, match=r"1 items are in one and not in the other, .* stig/a1"):
        compare(ADAPTER[1:], BASE)


def test_another_division_is_refused():
    with pytest.raises(EvalError, match="stig/a1 has another part, family, group or cluster"):
        compare(ADAPTER, [replace(BASE[0], part="new_family"), *BASE[1:]])


def test_two_skills_are_paired_by_their_own_and_told_apart():
    second = [replace(r, skill="ubuntu") for r in ADAPTER]
    made = compare([*ADAPTER, *second], [*BASE, *second])
    assert made.parts["all"].pairs == 10
    assert made.parts["ubuntu:new_rule"].both == 3
    assert made.parts["stig:all"].only_first == 2
    assert {flip.skill for flip in made.gained} == {"stig"}


def test_tokens_are_means_over_attempts_that_counted_them():
    first = [replace(r, prompt_tokens=100, completion_tokens=n) for n, r in enumerate(ADAPTER)]
    assert rates(first)["all"].tokens_per_attempt == 102
    assert rates(first)["all"].answer_tokens_per_attempt == 2
    assert rates(ADAPTER)["all"].tokens_per_attempt is None


def test_the_metrics_hold_numbers_only():
    part = compare(ADAPTER, BASE).as_dict()["all"]
    assert set(part) == {
        *("pairs", "both", "only_first", "only_second", "neither", "difference"),
        *("low", "high", "p_mcnemar", "p_clusters", "left_out"),
        *("p_mcnemar_greater", "p_clusters_greater", "clusters", "clusters_apart", "by_score"),
    }
    assert all(isinstance(value, int | float) for value in part.values())


def test_files_keep_every_field_sorted_by_item(tmp_path):
    result_files.write(tmp_path / "base.jsonl", ADAPTER[::-1])
    assert result_files.read(tmp_path / "base.jsonl") == ADAPTER
    assert [path.name for path in tmp_path.iterdir()] == ["base.jsonl"]


def test_a_damaged_file_is_told_by_line(tmp_path):
    place = tmp_path / "base.jsonl"
    with pytest.raises(EvalError, match="is not there"):
        result_files.read(place)
    result_files.write(place, ADAPTER)
    place.write_text(place.read_text() + '{"skill": "x"}\n')
    with pytest.raises(EvalError, match="line 6: holds no result"):
        result_files.read(place)
