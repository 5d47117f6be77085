"""Fields of messages that nothing reads."""

import pytest

from harness_forge.core.chat.unread import UnreadFields, are_calls, is_content

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
