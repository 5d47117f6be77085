"""JSON texts are what `storable` and `json.dumps` made of every value, only sooner."""

import json
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness_forge.store.escaping import storable
from harness_forge.store.json_texts import JsonTexts, json_text


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


def carefully(value):
    return json.dumps(storable(value), ensure_ascii=False, separators=(",", ":"))


ODD_TEXTS = [
    "",
    '"',
    "\\",
    "\\u0000",
    "\x00",
    "\x1f\x7f\u2028",
    "é",
    "\u241b",
    "\ud800",
    "\U0001d11e",
]
ODD_VALUES = [
    *(1e16, 1e-7, 1.0, float("nan"), float("-inf"), 2**63, 2**64, -(2**70)),
    *(b"\xff", (1, 2), Colour.RED, Size.SMALL, datetime(2020, 1, 2), Decimal("1.50")),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.sampled_from([*ODD_TEXTS, *ODD_VALUES]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.sampled_from([*ODD_TEXTS, 1, 1.5, True, None]), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_a_text_is_what_the_careful_way_writes(value):
    assert json_text(value) == carefully(value)


def test_every_character_is_written_as_the_careful_way_writes_it():
    text = "".join(map(chr, range(0x11000)))
    assert json_text(text) == carefully(text)
    one_by_one = [chr(one) for one in range(0x2500)]
    assert [json_text([one]) for one in one_by_one] == [carefully([one]) for one in one_by_one]


def test_a_list_is_written_as_its_elements_are():
    values = [{"role": "user", "content": "a\x00"}, 1.5, [], {"n": 2**70}]
    texts = JsonTexts()
    assert texts.of_list(values) == texts.of_list(tuple(values)) == carefully(values)
    assert texts.of_list(values[:2]) == carefully(values[:2])


def test_depth_that_can_be_written_is_and_more_is_refused():
    value = []
    for _ in range(150):
        value = [value]
    assert json_text(value) == carefully(value)
    for _ in range(2000):
        value = [value]
    with pytest.raises(RecursionError):
        json_text(value)
