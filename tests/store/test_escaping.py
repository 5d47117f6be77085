"""What PostgreSQL rejects becomes visible, and comes back."""

from __future__ import annotations

import math

import pytest

from harness_forge.core.records import Origin, ToolCall
from harness_forge.store.escaping import escape, restored, storable, unescape


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain é 漢 😀", "plain é 漢 😀"),
        ("a\x00b", "a␛0000b"),
        ("\ud800\udfff", "␛d800␛dfff"),
        ("␛0000", "␛241b0000"),
        ("", ""),
    ],
)
def test_escapes_and_unescapes(text, stored):
    assert escape(text) == stored
    assert unescape(stored) == text


def test_json_keeps_its_shape():
    value = {"a\x00": [1, 2.5, None, True, {"b": "\ud800"}], "c": ("x",)}
    stored = storable(value)
    assert stored == {"a␛0000": [1, 2.5, None, True, {"b": "␛d800"}], "c": ["x"]}
    assert restored(stored) == {**value, "c": ["x"]}


def test_what_json_does_not_know_is_written_out():
    value = [math.nan, math.inf, -math.inf, {2, 1}, Origin.OURS, b"\xffa", ToolCall("f", {})]
    assert storable(value) == [
        "NaN",
        "Infinity",
        "-Infinity",
        [1, 2],
        "ours",
        "␛dcffa",
        {"name": "f", "arguments": {}},
    ]
