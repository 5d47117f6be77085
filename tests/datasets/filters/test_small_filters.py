"""Label flags, score range, empty answers and banned patterns."""

from __future__ import annotations

import pytest
from filter_rows import called, said

from harness_forge.config.filters import EmptyConfig, LabelFlagsConfig, ScoreRangeConfig
from harness_forge.config.patterns import BannedConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.filters import banned, empty, label_flags, score_range


def test_a_flag_rejects_unless_every_flag_is_tolerated():
    rows = [said("a"), said("a", flags=["noisy"]), said("a", flags=["noisy", "lock_in"])]
    assert label_flags.judge(rows, LabelFlagsConfig()) == [None, "label_flags", "label_flags"]
    tolerant = LabelFlagsConfig(tolerate=["noisy"])
    assert label_flags.judge(rows, tolerant) == [None, None, "label_flags"]


def test_scores_outside_the_range_are_rejected_and_its_ends_kept():
    rows = [said("a", outcome_value=value) for value in (0.29, 0.3, 0.95, 1.0, float("nan"))]
    config = ScoreRangeConfig(min_value=0.3, max_value=0.95)
    assert score_range.judge(rows, config) == [
        "score_range",
        None,
        None,
        "score_range",
        "score_range",
    ]


def test_rows_without_a_score_stay_unless_told_otherwise():
    assert score_range.judge([said("a")], ScoreRangeConfig()) == [None]
    strict = ScoreRangeConfig(reject_unscored=True)
    assert score_range.judge([said("a")], strict) == ["score_range"]


def test_a_score_range_that_no_score_meets_is_refused():
    with pytest.raises(ConfigError, match="min_value"):
        ScoreRangeConfig(min_value=0.9, max_value=0.1)


@pytest.mark.parametrize(
    "row",
    [
        said(""),
        said(None),
        said(" \n\t…---\u200b"),
        said("<think>and so"),
        said("<think>first</think>\n"),
        said("(reasoning omitted)"),
        said("fine", finish_reason="content_filter"),
        called({"fix_script": "  "}),
        called({"fix_script": None}),
    ],
)
def test_nothing_to_learn_is_empty(row):
    assert empty.judge([row], EmptyConfig()) == ["empty"]


@pytest.mark.parametrize(
    "row",
    [
        said("7"),
        said("不"),
        said("<think>first</think> yes"),
        said("the reasoning omitted a step", finish_reason="stop"),
        called({}),
        called({"seconds": 7, "why": ""}),
        called({"fix_script": "ls"}, finish_reason="tool_calls"),
    ],
)
def test_a_short_answer_is_not_empty(row):
    assert empty.judge([row], EmptyConfig()) == [None]


def test_banned_patterns_are_searched_in_content_and_arguments():
    config = BannedConfig(patterns={"root": r"rm\s+-rf\s+/(?!\w)", "off": None})
    rows = [called({"fix_script": "rm  -rf / "}), said("rm -rf /tmp"), said("rm -rf /")]
    assert banned.judge(rows, config) == ["banned", None, "banned"]


def test_a_broken_pattern_is_refused_by_its_name():
    with pytest.raises(ConfigError, match=r"filters\.banned\.patterns\.mine"):
        BannedConfig(patterns={"mine": "("})


def test_a_pattern_that_finds_itself_everywhere_is_refused():
    with pytest.raises(ConfigError, match="every row"):
        BannedConfig(patterns={"mine": "(secret)?"})
