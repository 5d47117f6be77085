"""Tokens by kind in the words of each API."""

import pytest

from harness_forge.core.chat.usage import token_kinds

CHAT = {
    "prompt_tokens": 90,
    "prompt_tokens_details": {"cached_tokens": 64},
    "completion_tokens": 20,
    "completion_tokens_details": {"reasoning_tokens": 12},
}
RESPONSES = {
    "input_tokens_details": {"cached_tokens": 64},
    "output_tokens_details": {"reasoning_tokens": 12},
}
CODEX = {"cached_input_tokens": 64, "reasoning_output_tokens": 12}


@pytest.mark.parametrize("usage", [CHAT, RESPONSES, CODEX])
def test_each_api_names_them_in_its_own_way(usage):
    assert token_kinds(usage) == {"cached_tokens": 64, "reasoning_tokens": 12}


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        "90",
        {"prompt_tokens_details": None},
        {"prompt_tokens_details": {"cached_tokens": -1}, "reasoning_tokens": True},
    ],
)
def test_what_is_not_said_is_unknown_and_not_zero(usage):
    assert token_kinds(usage) == {"cached_tokens": None, "reasoning_tokens": None}


def test_a_zero_that_is_said_is_known():
    assert token_kinds({"cache_read_input_tokens": 0})["cached_tokens"] == 0
