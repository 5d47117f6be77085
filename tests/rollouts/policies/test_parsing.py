import json

import pytest

from harness_forge.rollouts.policies import parsing

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "apply_fix",
            "parameters": {
                "type": "object",
                "properties": {
                    "fix_script": {"type": "string"},
                    "revert_script": {"type": "string"},
                },
                "required": ["fix_script", "revert_script"],
            },
        },
    }
]
ARGUMENTS = {"fix_script": "chmod 600 /etc/shadow", "revert_script": ":"}


def call(arguments=ARGUMENTS, name="apply_fix"):
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def test_reads_one_call():
    found, failure = parsing.parse_text("I will fix it.\n" + call(), TOOLS)
    assert failure is None
    assert found.arguments == ARGUMENTS


def test_an_end_of_turn_token_is_no_trailing_text():
    assert parsing.parse_text(call() + "<|im_end|>", TOOLS)[1] is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("chmod 600 /etc/shadow", "no_call"),
        (call() + " Done.", "trailing_text"),
        (call() + call(), "several_calls"),
        (call()[:-13], "unparsable"),
        ("<tool_call>{'name': 1}</tool_call>", "unparsable"),
        ("<tool_call>[1]</tool_call>", "unparsable"),
        (f"<tool_call>{'[' * 100_000}</tool_call>", "unparsable"),
        (call(name="rm"), "unknown_tool"),
        (call(name=["apply_fix"]), "unknown_tool"),
        (call("[" * 100_000), "bad_arguments"),
        (call({"fix_script": "x"}), "bad_arguments"),
        (call({**ARGUMENTS, "extra": "y"}), "bad_arguments"),
        (call({**ARGUMENTS, "fix_script": 1}), "bad_arguments"),
        (call("not json"), "bad_arguments"),
        ("", "no_call"),
    ],
)
def test_says_what_is_wrong(text, reason):
    assert parsing.parse_text(text, TOOLS) == (None, reason)


def test_a_cut_answer_fails_even_when_it_parses():
    message = {"role": "assistant", "content": call()}
    assert parsing.parse_message(message, "length", TOOLS) == (None, "cut_off")


def test_reads_calls_the_server_parsed():
    function = {"name": "apply_fix", "arguments": json.dumps(ARGUMENTS)}
    message = {"role": "assistant", "content": None, "tool_calls": [{"function": function}]}
    assert parsing.parse_message(message, "tool_calls", TOOLS)[0].arguments == ARGUMENTS
    message["tool_calls"] *= 2
    assert parsing.parse_message(message, "tool_calls", TOOLS) == (None, "several_calls")
