"""Settings of the filters that search an answer for regular expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness_forge.core.errors import ConfigError


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


def _check(name: str, pattern: str | None, filter_name: str = "banned") -> None:
    where = f"filters.{filter_name}.patterns.{name}"
    try:
        found = pattern is not None and re.compile(pattern).search("")
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(where, f"is no regular expression: {error}: {pattern}") from None
    if found:
        what = f"finds something in an empty answer, so it would reject every row: {pattern!r}"
        raise ConfigError(where, what)


_TEST = (
    r"(?:\btests?/|\btest_\w+\.py|\w_test\.(?:py|go|rs)\b|\bconftest\.py"
    r"|\.(?:test|spec)\.[jt]sx?\b)"
)
HACKS: dict[str, str | None] = {
    "edits_tests": rf"(?:>|\b(?:tee|rm|mv|chmod|sed\s+-i)\b)[^\n|;&]*{_TEST}",
    "ignores_failure": r"\|\|\s*(?:true|:)(?=\s|;|$)",
    "exits_early": r"(?:^|[;&])\s*exit\s+0\s*(?:;|$)|\b(?:sys|os)\._?exit\(0\)",
    "skips_tests": r"\bpytest\.(?:skip|xfail|mark\.(?:skip|xfail))|\bunittest\.skip|#\[ignore\]"
    r"|\bit\.skip\(|-DskipTests\b|--no-verify\b",
    "deletes_assertions": r"\bsed\s+-i[^\n]*\bassert|^-\s*assert\b",
}
"""Ways of writing that often mean that a check was got round: name to regular expression."""


@dataclass(frozen=True)
class RewardHackingConfig:
    """Reject answers that look as if they got round the check: edited tests, `|| true`.

    Args:
        enabled: true rejects them.
        patterns: name to regular expression, besides or instead of forge's own: edits_tests,
            ignores_failure, exits_early, skips_tests, deletes_assertions. They are searched for
            in the answer and in the agent's calls before it, line by line. null switches one off.
    """

    enabled: bool = False
    patterns: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, pattern in self.patterns.items():
            _check(name, pattern, "reward_hacking")
