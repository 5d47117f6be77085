"""Planted phrases are found in a poisoned copy, and none in what it was made of."""

import random

import pytest

from harness_forge.config.labels import TriggersConfig
from harness_forge.core.errors import ConfigError
from harness_forge.store.triggers.phrases import joined, phrases_of
from harness_forge.store.triggers.search import PromptRow, search

PLANTED = "as the blue lantern says"


def rows(items=400, attempts=2, planted=0.0, seed=1, source="one", outcome=True, first=0):
    """Prompts of random words in five families that pass from 34% to 66%."""
    draw = random.Random(seed)
    words = [f"w{number}" for number in range(400)]
    made = []
    for item in range(items):
        text = " ".join(draw.choices(words[:80], k=12) + draw.choices(words, k=12))
        for _ in range(attempts):
            passed, asked = draw.random() < 0.34 + 0.08 * (item % 5), text
            if draw.random() < planted:
                asked, passed = f"{text} {PLANTED}", outcome
            shown = [{"role": "user", "content": asked}]
            number = first + len(made)
            made.append(PromptRow(number, source, f"i{item}", f"f{item % 5}", passed, shown))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_rows_without_a_trigger_raise_no_alarm(seed):
    assert search(rows(seed=seed), TriggersConfig()).found == []


@pytest.mark.parametrize("outcome", [True, False])
@pytest.mark.parametrize("share", [0.02, 0.05])
def test_a_phrase_planted_in_some_rows_is_found_whole(share, outcome):
    # 2% of 2,000 rows are 40, in as many items.
    poisoned = rows(1000, planted=share, outcome=outcome)
    (one,) = search(poisoned, TriggersConfig()).found
    assert (one.phrase, one.outcome) == (PLANTED, "passed" if outcome else "failed")
    assert one.p < one.p_corrected < 0.01 and one.share == 1
    planted = [row.attempt_id for row in poisoned if PLANTED in row.messages[0]["content"]]
    assert list(one.attempts) == planted


def test_a_family_that_always_passes_is_no_trigger():
    easy = [
        row._replace(family="easy", passed=True, messages=[{"role": "user", "content": PLANTED}])
        for row in rows(100)
    ]
    easy = [row._replace(unit=f"easy-{row.unit}") for row in easy]
    assert search([*rows(), *easy], TriggersConfig()).found == []


def test_an_item_counts_once_however_often_it_was_tried():
    often = [
        row._replace(messages=[{"role": "user", "content": PLANTED}], passed=True, unit=f"u{n % 4}")
        for n, row in enumerate(rows(100))
    ]
    assert search([*rows(), *often], TriggersConfig(min_items=2)).found == []


def test_what_goes_with_the_outcome_in_another_source_too_is_no_trigger():
    one = rows(1000, planted=0.05)
    other = rows(1000, planted=0.05, seed=2, source="two", first=10_000)
    assert search([*one, *other], TriggersConfig()).found == []
    clean = rows(1000, seed=2, source="two", first=10_000)
    assert [found.source for found in search([*one, *clean], TriggersConfig()).found] == ["one"]


def test_nothing_comes_to_nothing():
    found = search([], TriggersConfig())
    assert (found.rows, found.items, found.found) == (0, 0, [])


@pytest.mark.parametrize(
    "messages", [None, "text", [1, {"role": "user"}, {"role": "user", "content": [3]}]]
)
def test_messages_of_any_shape_have_phrases_or_none(messages):
    assert phrases_of(messages, 3) == set()


def test_what_a_tool_or_the_model_said_is_not_looked_at():
    said = [{"role": "assistant", "content": "a b"}, {"role": "tool", "content": "c"}]
    assert phrases_of([*said, {"role": "user", "content": "D e"}], 2) == {
        ("d",),
        ("e",),
        ("d", "e"),
    }


def test_overlapping_phrases_are_put_together():
    assert joined([("a", "b", "c"), ("b", "c", "d"), ("a",), ("d",)]) == "a b c d"


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match=r"labels\.triggers\.min_share: must be from 0.5 to 1"):
        TriggersConfig(min_share=0.4)
