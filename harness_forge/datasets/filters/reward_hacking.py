"""Rejects answers that look as if they were made to pass a check instead of doing the task.

Looked at are the answer and the calls that the agent made before it in the same conversation. A
pattern finds a way of writing, not an intent: it is off until somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from harness_forge.config.patterns import HACKS, RewardHackingConfig
from harness_forge.datasets.filters.candidate import Candidate


def judge(candidates: Sequence[Candidate], config: RewardHackingConfig) -> list[str | None]:
    """Return `reward_hacking` for each candidate in which a pattern is found."""
    patterns = {**HACKS, **config.patterns}.values()
    searches = _searches(tuple(pattern for pattern in patterns if pattern))
    return [
        "reward_hacking"
        if any(search(text) for text in _texts(row) for search in searches)
        else None
        for row in candidates
    ]


def _texts(row: Candidate) -> Iterator[str]:
    yield from row.strings
    for message in row.messages:
        if message.get("role") == "assistant" and message.get("tool_calls"):
            said = Candidate((), (), {"content": "", "tool_calls": message["tool_calls"]})
            yield from said.strings


@cache
def _searches(patterns: tuple[str, ...]):
    return [re.compile(pattern, re.MULTILINE).search for pattern in patterns]
