"""A redaction rule: what it searches for, and a cheap hint that it can match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple


class RedactionSpan(NamedTuple):
    """A span of a text that must be replaced.

    Args:
        form: of its pseudonym; usually its kind.
    """

    start: int
    end: int
    kind: str
    value: str
    form: str


@dataclass(frozen=True)
class RedactionRule:
    """Finds the values of one kind.

    Args:
        kind: stable name, lower_snake; settings and reports use it.
        hint: RE2 syntax; a text without it is not searched. It may be too
            wide, never too narrow.
        search: yields start and end of every value in a text.
        form: which pseudonym; '' is the kind's own.
    """

    kind: str
    hint: str
    search: Callable[[str], Iterator[tuple[int, int]]]
    form: str = ""

    def find(self, text: str) -> Iterator[RedactionSpan]:
        """Yield the findings in `text`, in order."""
        for start, end in self.search(text):
            yield RedactionSpan(start, end, self.kind, text[start:end], self.form or self.kind)


START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9a-fA-F]{4}))"
"""Where a word may begin; also right after an undecoded escape such as \\n, %3D or
\\u003d."""
END = r"(?![A-Za-z0-9_])"


def by_pattern(
    pattern: str,
    accept: Callable[[re.Match[str]], bool] | None = None,
    flags: int = 0,
) -> Callable[[str], Iterator[tuple[int, int]]]:
    """Return a search for a regular expression.

    Args:
        pattern: the value is its group `v`, or else the whole match.
        accept: what else must be true of the match.
    """
    # Compiled on first use: most processes that load a recipe redact nothing.
    compiled = lru_cache(maxsize=1)(lambda: re.compile(pattern, flags))

    def search(text: str) -> Iterator[tuple[int, int]]:
        group = "v" if "v" in compiled().groupindex else 0
        for match in compiled().finditer(text):
            if accept is None or accept(match):
                yield match.span(group)

    return search
