"""The cap of a category: how many stay, and that order has no say in it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness_forge.config.mixture import BalanceConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.filters.balance import Balance


def standing(offers, cap=5, seed=1):
    balance = Balance(cap, seed)
    for category, name in offers:
        balance.offer(category, name)
    return {offer for offer in offers if balance.keeps(*offer)}


OFFERS = [(category, f"{category}{number}") for category in "abc" for number in range(20)]


def test_each_category_keeps_its_cap_and_a_small_one_all():
    offers = [*OFFERS, ("small", "one"), ("small", "two")]
    kept = standing(offers)
    counts = {category: sum(of == category for of, _ in kept) for category in ("a", "b", "small")}
    assert counts == {"a": 5, "b": 5, "small": 2}


def test_the_order_of_offers_changes_nothing():
    shuffled = random.Random(7).sample(OFFERS, len(OFFERS))
    assert standing(OFFERS) == standing(shuffled)


def test_another_seed_draws_others():
    assert standing(OFFERS, seed=1) != standing(OFFERS, seed=2)


def test_more_rows_only_push_out():
    before, after = standing(OFFERS[:10]), standing(OFFERS[:20])
    assert {offer for offer in after if offer in OFFERS[:10]} <= before


@given(names=st.lists(st.text(max_size=5), unique=True, max_size=40), cap=st.integers(1, 20))
def test_an_example_that_was_refused_is_never_kept(names, cap):
    balance = Balance(cap, 0)
    admitted = {name: balance.offer("c", name) for name in names}
    standing = [name for name in names if balance.keeps("c", name)]
    assert len(standing) == min(cap, len(names))
    assert all(admitted[name] for name in standing)


def test_a_cap_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="max_per_category"):
        BalanceConfig(max_per_category=0)
