"""The ShareGPT format: conversations of `from` and `value`, calls in the Hermes form."""

from __future__ import annotations

from typing import Any

from harness_forge.core.examples import Example
from harness_forge.core.records import Message
from harness_forge.datasets.formats.common import (
    call_text,
    calls_of,
    context,
    origin_keys,
    thought_of,
    tools_text,
)
from harness_forge.datasets.formats.unrepresentable import Unrepresentable

_FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}


def sharegpt_line(example: Example) -> dict[str, Any]:
    """Return the conversation: its answer last, earlier answers with weight 0.

    A call is written in the text as `<tool_call>{"name", "arguments"}</tool_call>`,
    byte for byte as the shipped chat template renders it.

    Raises:
        Unheld: `unheld_role`: a message of another role than system, user,
            assistant and tool; `unheld_calls`: a call of no known form.
    """
    return {
        "id": example.id,
        "conversations": [
            *context([_said(message) for message in example.prompt], "from", "gpt"),
            _said(example.answer),
        ],
        "tools": tools_text(example.tools),
        **origin_keys(example.origin),
    }


def _said(message: Message) -> dict[str, str]:
    if message["role"] not in _FROM:
        raise Unrepresentable("unheld_role")
    calls = [f"<tool_call>{call_text(*call)}</tool_call>" for call in calls_of(message)]
    parts = [message["content"], *calls]
    value = thought_of(message) + "\n".join(part for part in parts if part)
    return {"from": _FROM[message["role"]], "value": value}
