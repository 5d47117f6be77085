"""Rejects empty answers, and answers that cannot be judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness_forge.config.filters import EmptyConfig
from harness_forge.datasets.filters.candidate import Call, Candidate

_FAILED = frozenset({"error", "content_filter", "safety", "abort", "aborted", "cancelled"})
"""Finish reasons of servers that gave up: not an answer of the model."""

_WORD = re.compile(r"[^\W_]")
"""A letter or a digit of any script."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_PAIRS = (("<think>", "</think>"), ("<thinking>", "</thinking>"))

_PLACEHOLDER = re.compile(
    r"\s*[\[(<]?(?:reasoning omitted|no (?:content|output|response))[\])>]?\s*"
)
"""Whole answers that some harness wrote where the model wrote nothing."""


def judge(candidates: Sequence[Candidate], config: EmptyConfig) -> list[str | None]:
    """Return `empty` for each candidate without content."""
    return ["empty" if _says_nothing(row) else None for row in candidates]


def _says_nothing(row: Candidate) -> bool:
    if row.finish_reason is not None and row.finish_reason.lower() in _FAILED:
        return True
    text = row.text
    if "<think" in text:
        if any(text.rfind(tag) > text.rfind(end) for tag, end in _PAIRS):
            return True
        text = _THOUGHT.sub("", text)
    if _WORD.search(text) is None:
        return not any(_asks_for_something(call) for call in row.calls)
    return len(text) < 100 and _PLACEHOLDER.fullmatch(text.lower()) is not None


def _asks_for_something(call: Call) -> bool:
    """Return whether a call without text arguments is meaningful: `status()`, `wait(7)`."""
    if not isinstance(call.arguments, Mapping):
        return False
    values = call.arguments.values()
    return not values or not all(value is None or isinstance(value, str) for value in values)
