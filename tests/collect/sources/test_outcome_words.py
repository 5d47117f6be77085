import math
from datetime import UTC, datetime

import pytest

from harness_forge.collect.sources import outcomes, settings
from harness_forge.collect.sources.templates import Misfit


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [
        (1, (True, 1.0)),
        (0.5, (False, 0.5)),
        (True, (True, 1.0)),
        ("Remediated", (True, 1.0)),
        ("completed", (True, 1.0)),
        ("escalated", (False, 0.0)),
        ("0.25", (False, 0.25)),
        ("deferred", None),
        ("skipped", None),
        ("N/A", None),
        (" n/a ", None),
        ("inconclusive", None),
        (None, None),
        (math.nan, None),
        ("nan", None),
        ("Resolved", (True, 1.0)),
        ("unresolved", (False, 0.0)),
        ("not resolved", (False, 0.0)),
        ("not_passed", (False, 0.0)),
        ("\u2713", (True, 1.0)),
        ("\u2714\ufe0f", (True, 1.0)),
        ("\u274c", (False, 0.0)),
        ("3/3", (True, 1.0)),
        ("0/1", (False, 0.0)),
        ("1 / 4", (False, 0.25)),
        ("100%", (True, 1.0)),
        ("37.5 %", (False, 0.375)),
    ],
)
def test_rewards_and_words_are_read(raw, verdict):
    assert outcomes.reward(raw, 0.0, 1.0, 1.0) == verdict


def test_a_share_is_one_of_any_reward():
    assert outcomes.reward("50%", -1, 200, 0.5) == (True, 0.5)


def test_a_reward_is_put_between_its_ends():
    assert outcomes.reward(0, -1, 1, 0.5) == (True, 0.5)


@pytest.mark.parametrize(
    "raw", [2, -0.1, "maybe", [1], "4/3", "0/0", "101%", "-3/3", "not maybe", "partial"]
)
def test_what_is_no_outcome_does_not_fit(raw):
    with pytest.raises(Misfit):
        outcomes.reward(raw, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("completed", "completed"),
        ("remediated", "completed"),
        ("escalated", "escalated"),
        ("deferred", "deferred"),
        ("skip", "skipped"),
        ("queued", None),
        (None, None),
    ],
)
def test_both_vocabularies_of_items_are_one(word, kept):
    assert outcomes.of_item(word) == kept


def test_without_a_verdict_an_outcome_is_trusted_by_nobody():
    made = outcomes.outcome(None, 1.0, "judge", {})
    assert (made.passed, made.infrastructure, made.confidence) == (False, True, 0.0)
    assert made.failure_mode == "no_verdict"


@pytest.mark.parametrize(
    "raw", [1_700_000_000, 1_700_000_000_000, "1700000000", "2023-11-14T22:13:20Z"]
)
def test_times_come_in_many_forms(raw):
    assert outcomes.moment(raw) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("raw", [None, True, "yesterday", [], 1e300])
def test_what_is_no_time_is_none(raw):
    assert outcomes.moment(raw) is None


def test_what_to_say_about_a_word_can_be_said():
    more = "(or 0, or 0.5, or nan for no verdict)"
    assert settings.worth("meh") == f"source.mapping.outcomes.meh=1 {more}"
    for odd in ("all good, sir", "1.5.2", "x=y", "50 of 60"):
        assert settings.worth(odd).endswith(f'outcomes: {{"{odd}": 1}} {more}')


@pytest.mark.parametrize("raw", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", 1e300])
def test_a_time_that_no_store_takes_is_none(raw):
    assert outcomes.moment(raw) is None


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
def test_a_time_in_any_unit_is_the_same(factor):
    assert outcomes.moment(1767225600 * factor) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_zone_is_turned_into_utc():
    made = outcomes.moment("2026-01-01T05:30:00+05:30")
    assert (made, made.tzinfo) == (datetime(2026, 1, 1, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [
        (0, (True, 1.0)),
        (5, (False, 0.0)),
        ("4", (False, 0.2)),
        ("25%", (False, 0.75)),
        (False, (False, 0.0)),
        ("passed", (True, 1.0)),
        ("N/A", None),
    ],
)
def test_of_errors_the_least_number_is_the_best(raw, verdict):
    found = outcomes.reward(raw, 0, 5, 1, lower_is_better=True)
    assert found == (verdict and (verdict[0], pytest.approx(verdict[1])))
