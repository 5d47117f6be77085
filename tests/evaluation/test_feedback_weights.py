"""Weights of families out of what failed on validation, counted by hand."""

import pytest

from harness_forge.config.feedback import FeedbackConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.feedback.weights import ItemOutcome, check, weights

PLAIN = {"strength": 1.0, "cap": 3, "minimum": 2, "prior": 0.0}


def items(family, failed, count, lost=0):
    return [
        ItemOutcome("s", f"{family}{n}", family, n >= failed, n < lost) for n in range(count)
    ]  # fmt: skip


def test_a_family_that_fails_twice_as_often_weighs_two():
    found = weights([*items("net", 4, 4), *items("disk", 2, 4), *items("log", 0, 4)], **PLAIN)
    assert found == {("s", "net"): (2.0, 4, 4, 0)}


def test_a_lost_item_is_two_failures():
    found = weights([*items("net", 2, 4, lost=2), *items("disk", 2, 4)], **PLAIN)
    assert found == {("s", "net"): (round(4 / 4 / (6 / 8), 4), 4, 2, 2)}


def test_the_cap_holds_and_strength_scales():
    evidence = [*items("net", 4, 4), *items("disk", 0, 40)]
    assert weights(evidence, **PLAIN)["s", "net"].weight == 3
    assert weights(evidence, **{**PLAIN, "strength": 0.1})["s", "net"].weight == 2
    assert weights(evidence, **{**PLAIN, "strength": 0.0}) == {}


def test_few_items_count_for_little():
    evidence = [*items("net", 1, 1), *items("disk", 4, 8), *items("log", 0, 8)]
    assert ("s", "net") not in weights(evidence, **PLAIN)
    drawn = weights(evidence, **{**PLAIN, "minimum": 1, "prior": 4.0})
    assert (
        1
        < drawn["s", "net"].weight
        < weights(evidence, **{**PLAIN, "minimum": 1})["s", "net"].weight
    )


def test_where_nothing_failed_or_nothing_was_asked_nothing_is_weighted():
    assert weights(items("net", 0, 5), **PLAIN) == {}
    assert weights([], **PLAIN) == {}


def test_families_of_two_skills_are_two():
    other = [one._replace(skill="t") for one in items("net", 0, 4)]
    assert set(weights([*items("net", 4, 4), *other], **PLAIN)) == {("s", "net")}


@pytest.mark.parametrize(
    ("settings", "key"),
    [({"cap": 0}, "cap"), ({"share": 1.0}, "share"), ({"strength": -1.0}, "strength")],
)
def test_unfit_settings_are_named(settings, key):
    with pytest.raises(ConfigError) as caught:
        check(FeedbackConfig(**settings))
    assert caught.value.where == f"feedback.{key}"
