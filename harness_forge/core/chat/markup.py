"""Parses calls in an answer's text, where a server had no parser for them.

The shipped template writes Hermes's blocks, so they are parsed. Markup of other model
families would be learned as text beside them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from harness_forge.core.chat.faults import Refused

_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
_RESULT = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
_RESULTS = re.compile(r"\s*(?:<tool_response>.*?</tool_response>\s*)+", re.DOTALL)
_OTHERS = (
    *("<|python_tag|>", "[TOOL_CALLS]", "<function=", "<function_calls>", "<|channel|>"),
    *("<|tool_call", "<\uff5ctool", "<start_function_call>", "functools["),
)


def is_plain(text: str) -> bool:
    """Return whether an answer's text has no markup of thoughts or calls."""
    return "<" not in text and "[TOOL_CALLS]" not in text and "functools[" not in text


def apart(text: str) -> tuple[str, list[Any]]:
    """Split an answer's text into text and calls.

    Raises:
        Refused: `unknown_call_form`: a block holds no call; `foreign_markup`:
            calls are written as another family of models writes them.
    """
    if any(mark in text for mark in _OTHERS):
        raise Refused("foreign_markup")
    if "<tool_call>" not in text:
        return text, []
    words = _CALL.sub("", text)
    if "<tool_call>" in words:
        raise Refused("unknown_call_form")
    try:
        return words.strip(), [json.loads(block) for block in _CALL.findall(text)]
    except (ValueError, RecursionError):
        raise Refused("unknown_call_form") from None


def results(content: Any) -> list[str]:
    """Return the results in a text of Hermes result blocks; [] for any other text."""
    if not isinstance(content, str) or "<tool_response>" not in content:
        return []
    return _RESULT.findall(content) if _RESULTS.fullmatch(content) else []
