"""What the items of a store can show, said before anything is judged."""

import pytest

from harness_forge.core.errors import EvalError
from harness_forge.core.records import Split, WorkItem
from harness_forge.evaluation import sample_size


def item(name, family, **facts):
    return WorkItem(name, name, "low", family, name, **{"full_cycle": True, **facts})


def test_each_part_of_the_holdout_has_its_reach(store, config):
    skill = store.skill("stig")
    known = [item(f"k{n}", f"f{n % 2}") for n in range(12)]
    new = [item(f"n{n}", "other") for n in range(3)]
    lost = item("never", "other", full_cycle=False)  # nobody can be judged on it
    skill.upsert_items([*known, *new, lost])
    sides = {one.group_key: Split.HOLDOUT for one in [*known[2:], *new, lost]}
    sides |= {one.group_key: Split.TRAIN for one in known[:2]}
    skill.assign_splits(sides, "salt")
    found = {one.part: one for one in sample_size.sample_sizes(config)}
    assert (found["new_rule"].items, found["new_rule"].clusters) == (10, (5, 5))
    assert (found["new_family"].items, found["new_family"].clusters) == (3, (3,))
    assert found["new_rule"].alpha == 0.025  # the first look, by the halving schedule


def test_nothing_divided_yet_says_what_divides(store, config):
    with pytest.raises(EvalError, match="no item of stig is in the holdout split") as caught:
        sample_size.sample_sizes(config)
    assert "forge run" in caught.value.hint
