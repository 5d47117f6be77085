"""Messages in the forms of other APIs are shown as words."""

from __future__ import annotations

from harness_forge.cli.conversations import whole


def test_parts_are_shown_as_what_they_say():
    call = {"function": {"name": "read", "arguments": '{"path": "a"}'}}
    shown = whole(
        [
            {"role": "user", "content": [{"type": "input_text", "text": "Which drawer?"}]},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Read it.", "signature": "x"}],
                "tool_calls": [call],
            },
            {"role": "assistant", "content": [], "tool_calls": [call]},
            {"role": "assistant", "content": [{"type": "encrypted_reasoning"}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]},
            {"role": "assistant", "content": None},
        ]
    )
    assert [line.split(maxsplit=1)[1] for line in shown.splitlines()] == [
        "Which drawer?",
        '(thought: Read it.) -> read {"path": "a"}',
        '-> read {"path": "a"}',
        "(thought, encrypted)",
        "(image_url)",
        "(nothing)",
    ]


def test_a_call_in_no_known_form_is_shown_as_it_is():
    [shown] = whole([{"role": "assistant", "tool_calls": [{"fn": {"name": "sh"}}]}]).splitlines()
    assert shown.endswith('-> (a call in no known form: {"fn": {"name": "sh"}})')
