"""Whatever order items arrive in: splits stay, and nothing nearly identical stands on two sides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import Split, WorkItem
from harness_forge.store.splits.assign import assign
from harness_forge.store.splits.near_identical import join_near_identical
from harness_forge.store.splits.stable_groups import keep_groups

TRAIN, VALIDATION, HOLDOUT = Split.TRAIN, Split.VALIDATION, Split.HOLDOUT


def item(name, cluster=None, family="f"):
    return WorkItem(name, name, "medium", family, cluster or name, True)


class Catalogue:
    """A store's items and splits, as a run or an import brings them up to date."""

    def __init__(self):
        self.items, self.splits = {}, {}

    def bring(self, items, apart=None):
        known = {name: one.group_key for name, one in self.items.items()}
        settled, closed = keep_groups(items, known, self.splits, apart)
        self.splits |= closed
        self.splits |= assign(settled, self.splits, SplitConfig())
        self.items |= {one.item_id: one for one in settled}

    def side(self, name):
        return self.splits[self.items[name].group_key]


# Items are nearly identical where they share a mark, in however many steps.
MARKED = st.lists(
    st.tuples(st.integers(0, 5), st.sets(st.integers(0, 8), min_size=1, max_size=2)),
    min_size=1,
    max_size=25,
)


def clustered(present):
    """Return items with today's clusters: smallest name of what marks join."""
    leader = {name: name for name in present}

    def find(name):
        while leader[name] != name:
            name = leader[name]
        return name

    first = {}
    for name, (_, marks) in sorted(present.items()):
        for mark in marks:
            one, other = find(name), find(first.setdefault(mark, name))
            leader[max(one, other)] = min(one, other)
    return [item(name, find(name), f"family{present[name][0]}") for name in sorted(present)]


@settings(max_examples=300, deadline=None)
@given(MARKED, st.randoms(use_true_random=False), st.integers(1, 6))
def test_no_order_of_arrival_parts_what_is_nearly_identical(marked, dice, batch):
    names = [f"item{number:02}" for number in range(len(marked))]
    dice.shuffle(names)
    store, present = Catalogue(), {}
    for first in range(0, len(names), batch):
        for name in names[first : first + batch]:
            present[name] = marked[int(name[4:])]
        before, sides = dict(store.splits), {name: store.side(name) for name in store.items}
        items = clustered(present)
        store.bring(items)
        assert before.items() <= store.splits.items(), "what was assigned has changed"
        for name, side in sides.items():
            assert store.side(name) in (side, Split.QUARANTINE)
        found = {}
        for one in items:
            found.setdefault(one.group_key, set()).add(store.side(one.item_id))
        assert all(len(of - {Split.QUARANTINE}) <= 1 for of in found.values())


@settings(max_examples=300, deadline=None)
@given(MARKED, st.randoms(use_true_random=False), st.integers(1, 6))
def test_where_the_clusters_without_new_items_are_known_only_new_items_are_quarantined(
    marked, dice, batch
):
    names = [f"item{number:02}" for number in range(len(marked))]
    dice.shuffle(names)
    store, present = Catalogue(), {}
    for first in range(0, len(names), batch):
        sided = {n: present[n] for n in present if store.side(n) is not Split.QUARANTINE}
        for name in names[first : first + batch]:
            present[name] = marked[int(name[4:])]
        sides = {name: store.side(name) for name in store.items}
        apart = {one.item_id: one.group_key for one in clustered(sided)}
        store.bring(clustered(present), apart)
        assert sides.items() <= {name: store.side(name) for name in store.items}.items()
        usable = {n: present[n] for n in present if store.side(n) is not Split.QUARANTINE}
        found = {}
        for one in clustered(usable):
            found.setdefault(one.group_key, set()).add(store.side(one.item_id))
        assert all(len(of) == 1 for of in found.values())


@settings(max_examples=50, deadline=None)
@given(MARKED, st.randoms(use_true_random=False))
def test_order_within_one_arrival_changes_nothing(marked, dice):
    items = clustered({f"item{n:02}": one for n, one in enumerate(marked)})
    shuffled = list(items)
    dice.shuffle(shuffled)
    one, other = Catalogue(), Catalogue()
    one.bring(items)
    other.bring(shuffled)
    assert (one.items, one.splits) == (other.items, other.splits)


def settled(items, known, splits):
    found, closed = keep_groups(items, known, splits)
    return {one.item_id: one.group_key for one in found}, closed


def test_a_new_twin_joins_the_group_whatever_its_name():
    found, closed = settled([item("a", "a"), item("b", "a")], {"b": "b"}, {"b": HOLDOUT})
    assert found == {"a": "b", "b": "b"}
    assert not closed


def test_a_new_item_between_two_sides_is_quarantined():
    items = [item(name, "a") for name in "abc"]
    found, closed = settled(items, {"a": "a", "c": "c"}, {"a": HOLDOUT, "c": HOLDOUT})
    assert found["b"] == "a"
    found, closed = settled([items[1], item("z", "a")], {"z": "a"}, {"a": TRAIN})
    assert found == {"b": "a", "z": "a"}
    found, closed = settled(items, {"a": "a", "c": "c"}, {"a": HOLDOUT, "c": TRAIN})
    assert found == {"a": "a", "b": "quarantine b", "c": "quarantine c"}
    assert closed == {"quarantine b": Split.QUARANTINE, "quarantine c": Split.QUARANTINE}


@pytest.mark.parametrize("strict", [HOLDOUT, VALIDATION])
def test_of_two_groups_that_turn_out_to_be_one_the_stricter_stays(strict):
    known = {"a": "a", "b": "b"}
    found, closed = settled([item("a", "a"), item("b", "a")], known, {"a": TRAIN, "b": strict})
    assert found == {"a": "quarantine a", "b": "b"}
    assert closed == {"quarantine a": Split.QUARANTINE}


def test_a_cluster_that_falls_apart_stays_one_group():
    known = {"a": "a", "b": "a"}
    found, _ = settled([item("a", "a"), item("b", "b")], known, {"a": TRAIN})
    assert found == {"a": "a", "b": "a"}


def test_a_new_cluster_does_not_take_the_name_of_another_group():
    known = {"b": "a", "c": "a"}
    found, _ = settled([item("a", "a"), item("b", "b"), item("c", "b")], known, {"a": TRAIN})
    assert found["b"] == "a"
    assert found["a"] != "a"


def joined(groups, prompts):
    """Return the group that leads each item's, by what the items ask."""
    names = sorted(set(groups.values()))
    of = [names.index(group) for group in groups.values()]
    items = list(groups)
    asked = [(items.index(item), text) for item, text in prompts.items()]
    found = join_near_identical(of, len(names), asked)
    return {item: names[found.leader(one)] for item, one in zip(items, of, strict=True)}


LONG = "Find the cheapest flight from {} to Oslo on the third of May that leaves before noon, {}"


def test_items_that_ask_nearly_the_same_are_one_group():
    filler = "and tell me what the bags cost, which seats are left and how long the way takes, " * 3
    prompts = {
        "a": LONG.format("Lisbon", filler + "please"),
        "b": LONG.format("Lisbon", filler + "thanks"),
        "c": "Write a poem about a lighthouse keeper who has never seen the sea by day",
        "d": "hello there",
        "e": "hello there",
    }
    assert joined({name: name for name in "abcdef"}, prompts) == {
        **{"a": "a", "b": "a", "c": "c"},
        **{"d": "d", "e": "e", "f": "f"},
    }


def test_what_a_source_grouped_stays_together():
    same = " ".join(f"word{n}" for n in range(30))
    found = joined({"a": "g", "b": "h", "c": "h"}, {"a": same, "b": same})
    assert set(found.values()) == {"g"}


def test_a_template_that_all_share_joins_nothing():
    prompts = {
        f"i{n}": "You are asked about one rule only; say in a sentence what it wants and why, "
        "and do not explain anything else to the reader at all. The rule is " + f"number{n} " * 6
        for n in range(40)
    }
    assert len(set(joined({name: name for name in prompts}, prompts).values())) == 40


def test_nothing_that_was_settled_moves_when_it_is_settled_again():
    items = [item("a"), item("b", "a"), item("c")]
    once, _ = keep_groups(items, {}, {})
    splits = assign(once, {}, SplitConfig())
    known = {one.item_id: one.group_key for one in once}
    again, closed = keep_groups([replace(one) for one in items], known, splits)
    assert (again, closed) == (once, {})
