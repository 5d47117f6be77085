"""The bigram repeat ratio, and what it is held against."""

from __future__ import annotations

from itertools import pairwise

import pytest
from filter_rows import called, said

from harness_forge.config.filters import RepetitionConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.filters import repetition
from harness_forge.datasets.filters.repetition import bigram_repeat


def test_the_ratio_is_the_share_of_word_pairs_that_came_before():
    # a b, b a, a b, b c: one of four came before.
    assert bigram_repeat("a b a b c") == 0.25
    assert bigram_repeat("a b c d") == 0.0
    assert bigram_repeat("a " * 101) == pytest.approx(0.99)


def test_a_text_without_two_words_has_no_ratio():
    assert bigram_repeat("") == bigram_repeat("word") == 0.0


def test_words_are_taken_as_they_are_written():
    assert bigram_repeat("Set it. set it. Set it.") == pytest.approx(1 - 4 / 5)


def test_only_a_ratio_above_the_limit_rejects():
    rows = [said("a b a b c"), called({"fix_script": "a b a b a b c"})]
    config = RepetitionConfig(max_bigram_repeat=0.25, min_words=2)
    assert repetition.judge(rows, config) == [None, "repetition"]


def test_a_short_answer_is_not_judged():
    assert repetition.judge([said("no " * 49)], RepetitionConfig()) == [None]
    assert repetition.judge([said("no " * 50)], RepetitionConfig()) == ["repetition"]


def test_the_cheap_bound_never_decides_against_the_ratio():
    for distinct in range(1, 40):
        text = " ".join(str(number % distinct) for number in range(60))
        words = text.split()
        ratio = 1 - len(set(pairwise(words))) / (len(words) - 1)
        for limit in (0.2, 0.4, 0.6, 0.8):
            config = RepetitionConfig(max_bigram_repeat=limit)
            found = repetition.judge([said(text)], config)
            assert found == ["repetition" if ratio > limit else None]


def test_a_ratio_above_one_is_refused():
    with pytest.raises(ConfigError, match="max_bigram_repeat"):
        RepetitionConfig(max_bigram_repeat=40)
