"""The filters of a config: which, in what order, and that they travel."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from filter_rows import called, said
from tiny_tokenizer import byte_level

from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.project import choices
from harness_forge.config.filters import FiltersConfig, LabelFlagsConfig, LengthConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.filters.building import JUDGES, build, judge, tallies

ROWS = [
    said("All is well."),
    said("", flags=["noisy"]),
    said(""),
    said("cut", finish_reason="length"),
    said("x"),
    said("\x1b[1m"),
    said("no " * 60),
    called({"script": "a word and another"}),
]


def test_each_filter_has_its_own_reason_and_the_first_one_counts(tmp_path):
    byte_level(tmp_path / "tokenizer.json")
    config = replace(FiltersConfig(), length=LengthConfig(min_tokens=2, max_tokens=1000))
    assert judge(build(config, tokenizer=tmp_path), ROWS) == [
        None,
        "label_flags",
        "empty",
        "truncation",
        "length",
        "markup",
        "repetition",
        "tool_calls",
    ]


def test_a_filter_that_is_switched_off_rejects_nothing():
    config = FiltersConfig(label_flags=LabelFlagsConfig(enabled=False))
    assert "label_flags" not in dict(build(config))
    assert judge(build(config), [ROWS[1]]) == ["empty"]


def test_every_filter_that_has_settings_has_a_judge():
    elsewhere = {"length", "row_too_long"}, {"balance", "source_cap", "mix_in"}
    assert set(vars(FiltersConfig())) == set(JUDGES).union(*elsewhere)


def test_filters_travel_to_a_worker():
    for side in (False, True):
        steps = build(FiltersConfig(), rejected_side=side)
        sent = pickle.loads(pickle.dumps(steps))
        assert judge(sent, ROWS) == judge(steps, ROWS)


def test_the_worse_answer_of_a_pair_must_only_be_whole():
    steps = build(FiltersConfig(), rejected_side=True)
    assert judge(steps, [ROWS[3], ROWS[6], ROWS[7]]) == ["truncation", None, None]


def test_tallies_say_how_lengths_were_decided_since_they_were_asked_last():
    steps = build(FiltersConfig())
    judge(steps, ROWS[:1])
    assert tallies(steps) == {"length": {"by_bounds": 1, "counted": 0}}
    assert tallies(steps) == {}


def test_every_preset_says_its_command():
    presets = choices("filters")
    assert {"default", "none", "aither", "kernel"} <= set(presets)
    for file in presets.values():
        assert "forge export" in file.read_text(encoding="utf-8")


def test_a_preset_is_what_its_source_says_and_the_command_line_has_the_last_word():
    words = ["filters.repetition.max_bigram_repeat=0.3", "filters.banned.patterns.curl='curl .*sh'"]
    aither = compose(None, ["filters=aither", *words]).filters
    assert (aither.length.min_tokens, aither.length.max_tokens) == (10, 800)
    assert (aither.balance.enabled, aither.balance.max_per_category) == (True, 600)
    assert aither.repetition.max_bigram_repeat == 0.3
    assert aither.banned.patterns == {"curl": "curl .*sh"}


def test_the_preset_none_has_no_filter():
    assert build(compose(None, ["filters=none"]).filters) == []


def test_a_broken_pattern_is_a_fault_of_the_composition():
    with pytest.raises(ConfigError, match=r"filters\.banned\.patterns\.mine: is no regular"):
        compose(None, ["filters.banned.patterns.mine='('"])
