"""Fields of messages that nothing reads."""

import pytest

from harness_forge.core.chat import forms
from harness_forge.core.chat.unread import UnknownCalls, UnreadFields, are_calls, is_content

CALL = {"tool": "shell", "input": {"cmd": "ls"}}


def found(*messages):
    seen = UnreadFields()
    seen.add(messages)
    return [(one.name, one.messages, one.meant) for one in seen.found()]


def test_fields_with_content_are_counted_the_most_frequent_first():
    message = {"role": "assistant", "content": "", "actions": [CALL]}
    other = {**message, "my_thinking": "It is probably on the third shelf, behind the pots."}
    assert found(message, other) == [
        ("actions", 2, "tool_calls"),
        ("my_thinking", 1, "reasoning_content"),
    ]


def test_known_fields_ids_times_counts_and_marks_are_no_noise():
    message = {"role": "tool", "content": "a", "tool_call_id": "1", "reasoning": "x " * 40}
    about = {"uuid": "9c1f0a2b-44de-4b5e-8d7e-2f6f5b6c7d8e", "at": "2024-01-01T00:00:00+00:00"}
    usage = {"usage": {"model": "m"}, "n": 3, "ok": True, "tags": [], "scores": [0.1, 0.2]}
    assert found({**message, **about, **usage}) == []


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ('{"cmd": "ls"}', True),
        ([["ls"]], True),
        ("a sentence of more than forty characters, surely", True),
        ("2024-01-01 10:00:00 +0000 in no zone", False),
        ("f" * 64, False),
        ({"ms": 3}, False),
        ([], False),
        (None, False),
    ],
)
def test_what_looks_like_content(value, content):
    assert is_content(value) is content


@pytest.mark.parametrize(
    ("value", "calls"),
    [
        ([CALL], True),
        ('{"name": "ls", "arguments": {}}', True),
        ({"tool": "ls", "params": {"all": True}}, True),
        ([{"name": "a.txt"}], False),
        ("ls -la", False),
        ([], False),
    ],
)
def test_calls_with_arguments_in_a_known_form(value, calls):
    assert are_calls(value) is calls


def unknown(*several):
    seen = UnknownCalls()
    seen.add(forms.message({"role": "assistant", "content": "", "tool_calls": list(several)}))
    return seen.calls


@pytest.mark.parametrize(
    "one",
    [
        {"fn": {"name": "sh", "in": {"cmd": "ls"}}, "ref": "c1"},
        {"do": "ls"},
        "ls -l",
        {"name": "sh", "in": {"cmd": "ls"}},
        {"function": {"name": "sh", "in": {"cmd": "ls"}}},
    ],
)
def test_calls_in_no_known_form_and_calls_whose_arguments_nothing_reads_are_counted(one):
    assert unknown(one, CALL) == 1


@pytest.mark.parametrize(
    "one",
    [
        CALL,
        {"name": "look"},
        {"type": "function", "function": {"name": "look", "arguments": "{}"}, "index": 0},
        {"name": "sh", "arguments": "{broken"},
        {"functionCall": {"name": "sh", "args": {}}, "metadata": {"a": 1}},
    ],
)
def test_calls_in_known_forms_are_not_counted(one):
    assert unknown(one) == 0
