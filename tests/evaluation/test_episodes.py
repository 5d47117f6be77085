"""Two runs over the same items, with figures counted by hand."""

import math

import pytest

from harness_forge.core.errors import EvalError
from harness_forge.core.results import Episode
from harness_forge.evaluation.episodes import compare_runs, fingerprint


def episode(item, first=True, solved=None, attempts=1, tokens=100, seconds=2.0, category="net"):
    solved = first if solved is None else solved
    return Episode(
        "s", item, item.title(), category, category, first, solved, not solved, attempts,
        tokens, seconds,
    )  # fmt: skip


BEFORE = [
    episode("a", first=False, solved=True, attempts=3, tokens=900, seconds=9.0),
    episode("b", first=False, attempts=2, tokens=400, seconds=6.0),
    episode("c", category="disk"),
    episode("d", category="disk", first=False, attempts=2, tokens=400, seconds=6.0),
]
AFTER = [
    episode("a"),
    episode("b", first=False, solved=True, attempts=2, tokens=200, seconds=3.0),
    episode("c", category="disk", first=False, attempts=1),
    episode("d", category="disk"),
]


def test_every_measure_is_as_counted_by_hand():
    found = compare_runs(BEFORE, AFTER)
    told = {name: (m.pairs, m.first, m.second) for name, m in found.measures.items()}
    assert told["first_try"] == (4, 0.25, 0.5)
    assert told["success"] == (4, 0.5, 0.75)
    assert told["escalated"] == (4, 0.5, 0.25)
    assert told["attempts_to_success"] == (1, 3.0, 1.0)
    assert told["tokens_per_attempt"] == (4, 1800 / 8, 500 / 5)
    assert told["seconds_per_attempt"] == (4, 23 / 8, 9 / 5)
    first = found.measures["first_try"]
    assert (first.only_first, first.only_second, first.p) == (1, 2, 1.0)
    assert first.difference == 0.25 and first.low <= 0.25 <= first.high
    assert found.measures["tokens_per_attempt"].p is None


def test_flips_are_listed_both_ways():
    found = compare_runs(BEFORE, AFTER)
    assert [one.item_id for one in found.gained] == ["a", "d"]
    assert [one.item_id for one in found.lost] == ["c"]


def test_swapped_runs_say_the_opposite():
    there, back = compare_runs(BEFORE, AFTER), compare_runs(AFTER, BEFORE)
    assert back.measures["first_try"].difference == -there.measures["first_try"].difference
    assert [e.item_id for e in back.lost] == [e.item_id for e in there.gained]


def test_an_item_without_a_verdict_leaves_first_try_in_pairs():
    lost = [AFTER[0]._replace(first_try=None), *AFTER[1:]]
    found = compare_runs(BEFORE, lost)
    assert found.measures["first_try"].pairs == 3
    assert found.measures["success"].pairs == 4
    assert [one.item_id for one in found.gained] == ["d"]


def test_what_was_not_measured_is_absent():
    blind = [one._replace(tokens=None) for one in BEFORE]
    assert "tokens_per_attempt" not in compare_runs(blind, AFTER).measures


def test_categories_pay_for_being_many():
    before = [episode(f"{c}{n}", first=False, category=c) for c in "xyz" for n in range(6)]
    after = [one._replace(first_try=one.category == "x") for one in before]
    found = compare_runs(before, after).categories
    assert found["x"].p == pytest.approx(2 / 2**6)
    assert found["x"].p_holm == pytest.approx(3 * 2 / 2**6)
    assert found["y"].p_holm == 1.0
    assert (found["x"].first, found["x"].second, found["x"].only_second) == (0.0, 1.0, 6)


def test_other_items_are_refused_or_counted():
    with pytest.raises(EvalError, match="1 are only in the first, 1 only in the second"):
        compare_runs(BEFORE[:-1], AFTER[1:])
    found = compare_runs(BEFORE[:-1], AFTER[1:], common=True)
    assert (found.items, found.only_first, found.only_second) == (2, 1, 1)
    with pytest.raises(EvalError, match="no item in common"):
        compare_runs(BEFORE[:1], AFTER[1:], common=True)
    with pytest.raises(EvalError, match="is in it twice"):
        compare_runs([*BEFORE, BEFORE[0]], AFTER)


def test_one_item_has_no_interval_and_the_json_no_infinity():
    found = compare_runs(BEFORE[:1], AFTER[:1])
    assert math.isinf(found.measures["first_try"].low)
    assert found.as_dict()["measures"]["first_try"]["low"] is None


def test_a_set_is_known_by_its_items_in_any_order():
    one, other = [("s", "a"), ("s", "b")], [("s", "b"), ("s", "a")]
    assert fingerprint(one) == fingerprint(other) != fingerprint(one[:1])
    assert len(fingerprint(one)) == 16
