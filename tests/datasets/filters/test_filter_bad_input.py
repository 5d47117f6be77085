"""No answer of whatever shape stops a filter, and what it says is a reason or None."""

from __future__ import annotations

import time

import pytest
from filter_rows import TOOL, called, said
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny_tokenizer import byte_level

from harness_forge.config.filters import FiltersConfig, ScoreRangeConfig
from harness_forge.config.patterns import BannedConfig
from harness_forge.datasets.filters.building import build, judge
from harness_forge.datasets.filters.candidate import Candidate

# Every plane, and what JSON may hold but no text should: half surrogate pairs.
words = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
parts = st.lists(json | st.fixed_dictionaries({"type": st.just("text"), "text": json}), max_size=4)
functions = st.fixed_dictionaries({"name": json | st.just("apply_fix"), "arguments": json})
calls = st.lists(json | st.fixed_dictionaries({"function": json | functions}), max_size=3)
messages = st.fixed_dictionaries(
    {"role": json | st.just("user"), "content": json | parts}, optional={"tool_calls": json | calls}
)
candidates = st.builds(
    Candidate,
    messages=st.lists(json | messages, max_size=3),
    tools=st.lists(json | st.just(TOOL) | st.fixed_dictionaries({"function": json}), max_size=3),
    answer=messages,
    outcome_value=st.none() | st.floats(),
    finish_reason=st.none() | words,
    flags=st.lists(words, max_size=2),
    writer=words,
)


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    byte_level(folder / "tokenizer.json")
    config = FiltersConfig(
        score_range=ScoreRangeConfig(enabled=True),
        banned=BannedConfig(patterns={"any": "bad"}),
    )
    return build(config, tokenizer=folder)


@given(batch=st.lists(candidates, max_size=3))
def test_every_filter_takes_every_shape(steps, batch):
    for name, step in steps:
        assert set(step(batch)) <= {name, None}
        assert len(step(batch)) == len(batch)


@given(row=candidates)
def test_a_verdict_does_not_depend_on_the_batch(steps, row):
    assert judge(steps, [said("fine"), row])[1] == judge(steps, [row])[0]


@given(text=st.text(alphabet=st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S"])))
def test_no_script_of_the_world_is_noise(steps, text):
    assume("bad" not in text)  # the word that is banned here; Hypothesis draws words of the sources
    whole = f"A sentence, then {text}"
    assert judge(steps, [said(whole)]) == [None] or "\ufffd" in text or set(text) & set("<>&`~[({")


def test_parallel_calls_are_all_looked_at(steps):
    answer = {"content": None, "tool_calls": [*called({"fix_script": "ls"}).answer["tool_calls"]]}
    answer["tool_calls"].append({"function": None})
    assert judge(steps, [Candidate([], [TOOL], answer)]) == ["tool_calls"]


def test_arguments_nested_without_end_are_no_fault(steps):
    deep = "[" * 100_000 + "]" * 100_000
    assert judge(steps, [called(deep), said(deep)])[0] in ("tool_calls", "empty")


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        "word ",
        '\\"',
        '{"a": [',
        "```\n",
        "<a ",
        "<think>",
        "\u4e2d",
        " ",
        "&nbsp;",
        "\n",
        "</think><think>",
    ],
)
def test_two_megabytes_take_a_moment_whatever_they_hold(steps, unit):
    text = unit * (2_000_000 // len(unit))
    started = time.process_time()
    for name, step in steps:
        assert step([said(text)])[0] in (name, None)
    assert time.process_time() - started < 3
