"""Formats of plain text: prompt and completion, and Alpaca's fields.

Both know one question and one answer. What they have no room for is rejected.
"""

from __future__ import annotations

from typing import Any

from harness_forge.core.examples import Example
from harness_forge.core.records import Message
from harness_forge.datasets.formats.common import (
    call_text,
    calls_of,
    origin_keys,
    thought_of,
    tools_text,
)
from harness_forge.datasets.formats.unrepresentable import Unrepresentable


def prompt_completion_line(example: Example) -> dict[str, Any]:
    """Return the prompt as one text and the answer as another.

    The prompt is its messages with an empty line between them, as
    `attempts.approach_prompt` has it. An answer that is a call is its JSON,
    `{"name", "arguments"}`. The offered tools are beside the two.

    Raises:
        Unheld: `unheld_turns`: the prompt holds more than one question, and a
            text would not say who said what; `unheld_calls`: text and a call
            in one answer, or several calls.
    """
    system, question = _single_turn(example)
    return {
        "id": example.id,
        "prompt": "\n\n".join(part for part in (system, question) if part),
        "completion": _answer_text(example.answer),
        "tools": tools_text(example.tools),
        **origin_keys(example.origin),
    }


def alpaca_line(example: Example) -> dict[str, Any]:
    """Return system, instruction, input and output; the input is always empty.

    Raises:
        Unheld: `unheld_tools`: tools were offered or called; `unheld_turns`:
            the prompt holds more than one question.
    """
    if example.tools or example.answer.get("tool_calls"):
        raise Unrepresentable("unheld_tools")
    system, question = _single_turn(example)
    return {
        "id": example.id,
        "system": system,
        "instruction": question,
        "input": "",
        "output": thought_of(example.answer) + example.answer["content"],
        **origin_keys(example.origin),
    }


def _single_turn(example: Example) -> tuple[str, str]:
    """Return the system text, '' for none, and the one question."""
    roles = [message["role"] for message in example.prompt]
    if roles not in (["user"], ["system", "user"]):
        raise Unrepresentable("unheld_turns")
    system = example.prompt[0]["content"] if len(roles) == 2 else ""
    return system, example.prompt[-1]["content"]


def _answer_text(answer: Message) -> str:
    calls = [call_text(*call) for call in calls_of(answer)]
    if len(calls) + bool(answer["content"]) > 1:
        raise Unrepresentable("unheld_calls")
    return thought_of(answer) + (calls[0] if calls else answer["content"])
