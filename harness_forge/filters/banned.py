"""Answers that hold what the user forbade."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from harness_forge.errors import ConfigError
from harness_forge.filters.candidate import Candidate


@dataclass(frozen=True)
class BannedConfig:
    """Reject answers in which one of the user's patterns is found.

    Args:
        enabled: false keeps them.
        patterns: name to regular expression, as Python's `re` reads it,
            searched for in the answer's words; checked when the recipe is
            composed. null switches one off.
    """

    enabled: bool = True
    patterns: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, pattern in self.patterns.items():
            _check(name, pattern)


def _check(name: str, pattern: str | None) -> None:
    where = f"filters.banned.patterns.{name}"
    try:
        found = pattern is not None and re.compile(pattern).search("")
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(where, f"is no regular expression: {error}: {pattern}") from None
    if found:
        what = f"finds something in an empty answer, so it would reject every row: {pattern!r}"
        raise ConfigError(where, what)


def judge(candidates: Sequence[Candidate], config: BannedConfig) -> list[str | None]:
    """Return `banned` for each candidate in which a pattern is found."""
    searches = _searches(tuple(pattern for pattern in config.patterns.values() if pattern))
    if not searches:
        return [None] * len(candidates)
    return [
        "banned" if any(search(row.text) for search in searches) else None for row in candidates
    ]


@cache
def _searches(patterns: tuple[str, ...]):
    return [re.compile(pattern).search for pattern in patterns]
