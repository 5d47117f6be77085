"""Parses calls in an answer's text, where a server had no parser for them.

The shipped template writes Hermes's blocks, so they are parsed. Markup of other model
families would be learned as text beside them, and so would tokens that begin a turn or
thoughts between what was said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container
from typing import Any

from harness_forge.core.chat.faults import MessagesRefused

CALL = "<tool_call>"
"""What begins a call in an answer's text."""
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
_RESULT = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
_RESULTS = re.compile(r"\s*(?:<tool_response>.*?</tool_response>\s*)+", re.DOTALL)
_OTHERS = (
    *("<|python_tag|>", "[TOOL_CALLS]", "<function=", "<function_calls>", "<|channel|>"),
    *("<|tool_call", "<\uff5ctool", "<start_function_call>", "functools["),
)
_TURNS = re.compile(
    r"<\|(?:im_start|im_end|im_sep|eot_id|eom_id|endoftext|end_of_text|begin_of_text"
    r"|start_header_id|end_header_id|start|end|message|return|user|assistant|system|channel"
    r"|(?:begin|end)_of_(?:thought|solution))\|>"
    r"|<(?:start|end)_of_turn>|<\uff5c(?:User|Assistant|begin\u2581of|end\u2581of)|\[/?INST\]"
)
_THOUGHTS = re.compile(r"<(think(?:ing)?|seed:think)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_FENCED = re.compile(r"```(?:json|tool_call|tool_code)?\s*(.*?)\s*```", re.DOTALL)


def is_plain(text: str) -> bool:
    """Return whether an answer's text has no markup of thoughts or calls."""
    return (
        "<" not in text
        and "[TOOL_CALLS]" not in text
        and "functools[" not in text
        and "[THINK]" not in text
        and "INST]" not in text
        and "\u25c1" not in text
        and not ('"name"' in text and text.lstrip().startswith(("{", "[", "```")))
    )


def demand_only_said(text: str, tools: Container[str] = ()) -> None:
    """Demand that an answer's text is what was said, and not more of a stream.

    Args:
        tools: names of the tools that were offered.

    Raises:
        MessagesRefused: `foreign_markup`: it has a token that begins or ends a turn, thoughts
            between what was said, or it is a call of a tool as bare JSON.
    """
    if _TURNS.search(text) or _THOUGHTS.search(_CODE.sub("", text)):
        raise MessagesRefused("foreign_markup")
    if any(isinstance(name, str) and name in tools for name in _called(text)):
        raise MessagesRefused("foreign_markup")


def _called(text: str) -> list[Any]:
    """Return the names of the tools that a text calls as bare JSON; [] for any other text."""
    bare = text.strip()
    if fenced := _FENCED.fullmatch(bare):
        bare = fenced[1]
    if '"name"' not in bare or bare[:1] not in ("{", "["):
        return []
    try:
        held = json.loads(bare)
    except (ValueError, RecursionError):
        return []
    found = held if isinstance(held, list) else [held]
    if not all(isinstance(one, dict) for one in found):
        return []
    found = [one["function"] if isinstance(one.get("function"), dict) else one for one in found]
    return [
        one.get("name")
        for one in found
        if isinstance(one.get("arguments", one.get("parameters")), dict | str)
    ]


def apart(text: str) -> tuple[str, list[Any]]:
    """Split an answer's text into text and calls.

    Raises:
        MessagesRefused: `unknown_call_form`: a block holds no call; `foreign_markup`:
            calls are written as another family of models writes them.
    """
    if any(mark in text for mark in _OTHERS):
        raise MessagesRefused("foreign_markup")
    if CALL not in text:
        return text, []
    words = _CALL.sub("", text)
    if CALL in words:
        raise MessagesRefused("unknown_call_form")
    try:
        return words.strip(), [json.loads(block) for block in _CALL.findall(text)]
    except (ValueError, RecursionError):
        raise MessagesRefused("unknown_call_form") from None


def results(content: Any) -> list[str]:
    """Return the results in a text of Hermes result blocks; [] for any other text."""
    if not isinstance(content, str) or "<tool_response>" not in content:
        return []
    return _RESULT.findall(content) if _RESULTS.fullmatch(content) else []
