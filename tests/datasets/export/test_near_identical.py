"""An item of several skills is used everywhere as strictly as in the strictest of them."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from harness_forge.datasets.leakage.near_identical import rank, strictest

TRAIN, VALIDATION, HOLDOUT = "train", "validation", "holdout"


def test_the_same_id_in_another_skill_counts():
    places = [("stig", "rule", "g", HOLDOUT), ("ubuntu", "rule", "h", TRAIN)]
    assert strictest(places) == {("stig", "rule"): HOLDOUT, ("ubuntu", "rule"): HOLDOUT}


def test_what_is_near_identical_to_the_same_id_counts():
    places = [
        ("stig", "held", "g", HOLDOUT),
        ("ubuntu", "held", "h", TRAIN),
        ("ubuntu", "beside", "h", TRAIN),
    ]
    assert strictest(places)["ubuntu", "beside"] == HOLDOUT


def test_groups_of_two_skills_with_one_name_are_two_groups():
    places = [("stig", "a", "g", HOLDOUT), ("ubuntu", "b", "g", TRAIN)]
    assert strictest(places)["ubuntu", "b"] == TRAIN


def test_an_item_without_a_split_is_no_hindrance():
    places = [("stig", "rule", "g", None), ("ubuntu", "rule", "h", TRAIN)]
    assert strictest(places) == {("stig", "rule"): TRAIN, ("ubuntu", "rule"): TRAIN}
    assert strictest([("stig", "rule", "g", None)]) == {}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_chain_through_another_skill_counts_in_whatever_order(order):
    places = [
        ("ubuntu", "a", "g1", TRAIN),
        ("stig", "a", "h", TRAIN),
        ("stig", "b", "h", TRAIN),
        ("ubuntu", "b", "g2", HOLDOUT),
    ]
    assert set(strictest([places[at] for at in order]).values()) == {HOLDOUT}


def test_no_group_and_no_id_ever_stands_on_two_sides():
    draw = random.Random(5)
    splits = {}
    places = []
    for _ in range(3000):
        skill, item = draw.choice("xyz"), f"rule_{draw.randrange(2000)}"
        group = f"{item[:-1]}" if draw.random() < 0.2 else item
        split = splits.setdefault((skill, group), draw.choice([TRAIN, VALIDATION, HOLDOUT, None]))
        places.append((skill, item, group, split))
    strict = strictest(places)
    for by in (lambda place: place[1], lambda place: place[0::2][:2]):
        sides: dict = {}
        for place in places:
            side = strict.get(place[:2])
            assert rank(side) >= rank(place[3])
            assert sides.setdefault(by(place), side) == side
