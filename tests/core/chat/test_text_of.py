"""The text of a message is found sooner than by taking it apart, and is the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness_forge.core.chat import parts

PIECES = [
    *("think", "THINK", "Thought", "reasoning>", "<", ">", "</think>", "<think>", "[THINK]"),
    *("[/think]", "\u25c1think\u25b7", "<|im_end|>", "</s>", "<s>", "\n", " ", "é", "漢"),
    *("th\u0131nk", "thin\u212a", "rea\u017foning>", "th\u0130nk", "plums"),
]
MESSAGES = st.fixed_dictionaries(
    {"content": st.lists(st.sampled_from(PIECES), max_size=6).map("".join)},
    optional={
        "role": st.sampled_from(["assistant", "user", "tool"]),
        "channel": st.sampled_from(["analysis", "final"]),
        "reasoning": st.sampled_from(["so", ""]),
    },
)


@given(MESSAGES)
def test_the_text_is_that_of_the_parts(message):
    assert parts.text_of(message) == parts.apart(message).text


@pytest.mark.parametrize("word", PIECES)
def test_what_may_be_a_thought_is_what_the_expression_finds(word):
    found = re.search("think|thought|reasoning>", word, re.IGNORECASE)
    assert parts._may_think(f"a {word} b") == bool(found)
