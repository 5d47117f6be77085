"""Calls against the tools that were offered."""

from __future__ import annotations

import pytest
from filter_rows import TOOL, called, said

from harness_forge.config.filters import ToolCallsConfig
from harness_forge.datasets.filters import tool_calls
from harness_forge.datasets.filters.candidate import Candidate


def judged(row):
    return tool_calls.judge([row], ToolCallsConfig())[0]


def offered(schema):
    return [{"type": "function", "function": {"name": "apply_fix", "parameters": schema}}]


def test_a_call_that_meets_the_schema_is_kept():
    assert judged(called({"fix_script": "ls"})) is None
    assert judged(called({"fix_script": "ls", "why": 1})) is None


@pytest.mark.parametrize(
    "arguments",
    [{}, {"fix_script": ""}, {"fix_script": 7}, {"fix_script": None}, "{broken", "[]", '"ls"', ""],
)
def test_a_call_that_does_not_is_rejected(arguments):
    assert judged(called(arguments)) == "tool_calls"


def test_only_an_offered_tool_may_be_called():
    assert judged(called({"fix_script": "ls"}, name="apply_fixes")) == "tool_calls"
    assert judged(called({"fix_script": "ls"}, tools=())) == "tool_calls"


def test_every_call_of_an_answer_must_fit():
    good = called({"fix_script": "ls"}).answer["tool_calls"]
    bad = called({}).answer["tool_calls"]
    answer = {"role": "assistant", "content": "", "tool_calls": [*good, *bad]}
    assert judged(Candidate([], [TOOL], answer)) == "tool_calls"


def test_arguments_may_be_an_object_already():
    answer = {"tool_calls": [{"function": {"name": "apply_fix", "arguments": {"fix_script": "l"}}}]}
    assert judged(Candidate([], [TOOL], answer)) is None


def test_text_is_not_its_business():
    assert judged(said("no call")) is None


def test_a_tool_without_a_schema_takes_any_object():
    bare = [{"type": "function", "function": {"name": "apply_fix"}}]
    assert judged(called({"x": 1}, tools=bare)) is None
    assert judged(called("[1]", tools=bare)) == "tool_calls"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "objekt"},
        {"$ref": "https://example.org/schema.json"},
        {"properties": {"x": {"$ref": "#/nowhere"}}},
        {"properties": {"fix_script": {"pattern": "("}}},
        [1],
    ],
)
def test_nothing_is_valid_against_a_schema_that_is_broken_or_elsewhere(schema):
    assert judged(called({"fix_script": "ls", "x": 1}, tools=offered(schema))) == "tool_calls"
