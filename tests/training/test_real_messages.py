"""Messages of every form are trained in real Axolotl as serving renders them."""

import json
from dataclasses import replace

import pytest
from tiny_rows import write

from harness_forge.core.chat import canonical_answer, canonical_history
from harness_forge.core.chat.canonical_choices import LateSystem, Notes, Reasoning
from harness_forge.core.chat.offer import ToolOffer
from harness_forge.training import supervised

pytestmark = pytest.mark.workset

JAR = {"type": "object", "properties": {"jar": {"type": "string"}}, "required": ["jar"]}
TOOLS = [
    {"type": "function", "function": {"name": "open_jar", "parameters": JAR}},
    {"type": "function", "function": {"name": "now", "description": "The time."}},
]


def call(name, arguments, **more):
    return {**more, "type": "function", "function": {"name": name, "arguments": arguments}}


def conversation(number):
    """Two calls at once and their results; what was thought; a call without arguments."""
    jars = [call("open_jar", f'{{"jar":"caf\\u00e9 {n}"}}', id=f"c{n}") for n in range(2)]
    ends = [call("now", ""), call("open_jar", {"jar": f"plum {number}", "lid": None})]
    return [
        {"role": "developer", "content": "You keep jars."},
        {"role": "human", "content": f"Open both, number {number}"},
        {"role": "ai", "content": None, "tool_calls": jars, "reasoning": "two at once"},
        {"role": "tool", "content": "plums"},
        {"role": "tool", "content": "pears"},
        {"role": "user", "content": "and the time?"},
        {"content": "Both.", "tool_calls": ends, "reasoning_content": "first the <time>"},
    ]


def row(number, reasoning):
    *asked, said = conversation(number)
    offered, notes = ToolOffer(TOOLS), Notes()
    shown = canonical_history.history(asked, offered, LateSystem.reject, notes)
    shown = [{**one, "weight": 0} if one["role"] == "assistant" else one for one in shown]
    answer = canonical_answer.answer(said, offered, reasoning, notes)
    return {"messages": [*shown, answer], "tools": json.dumps(offered.tools)}


def test_several_calls_no_arguments_and_thoughts_are_learned_as_they_are_served(config, tmp_path):
    rows = [row(number, reasoning) for reasoning in Reasoning for number in range(4)]
    dataset = str(write(tmp_path, rows))
    seen = []
    train = replace(config.train, dataset=dataset, sequence_length=1536)
    asked = replace(config, train=train)
    supervised.train(asked, audited=seen.append, check=True)
    # The audit compares every row, and shows the first.
    with (supervised.plan(asked).work / "rows.jsonl").open() as lines:
        shown = json.loads(next(lines))["messages"][-1]
    thought = "<think>\nfirst the <time>\n</think>\n\n" if "reasoning_content" in shown else ""
    calls = (
        '<tool_call>{"name": "now", "arguments": {}}</tool_call>\n'
        '<tool_call>{"name": "open_jar", "arguments": {"jar": "plum '
    )
    assert seen[0].rows == 8
    assert f"{thought}Both.\n{calls}" in seen[0].trained_text
    assert "café 1" in seen[0].masked_text and "café" not in seen[0].trained_text
