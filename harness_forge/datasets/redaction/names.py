"""Remembers names and secrets found in a row, and finds them everywhere in that row.

`ssh deploy@web01` shows that web01 is a host; `ping web01` on the line below must get the
same pseudonym. Otherwise the script no longer works, and the name has leaked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from harness_forge.datasets.redaction.rule import RedactionSpan

_SHORTEST = {"host": 4, "user": 4}
SECRET_LENGTH = 8
"""Characters from which a secret is looked for elsewhere; shorter ones may be plain words."""
_CARRIED_BY_SHAPE = {"ipv4", "ipv6", "mac", "email"}
"""Found by their own rules everywhere."""


class Names:
    """The names and secrets of one row, and their pseudonyms."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def state(self) -> tuple[tuple[str, tuple[str, str]], ...]:
        """Return all that is known, to be compared."""
        return tuple(self._known.items())

    def copy(self) -> Names:
        """Return an independent copy."""
        other = Names()
        other._known = dict(self._known)
        return other

    def learn(self, finding: RedactionSpan, pseudonym: str) -> None:
        """Remember a finding's value; of a host also its first label."""
        kind, value = finding.kind, finding.value
        if kind in _CARRIED_BY_SHAPE:
            return
        if len(value) >= _SHORTEST.get(kind, SECRET_LENGTH):
            self._known.setdefault(value, (kind, pseudonym))
        if kind == "host" and "." in value:
            label = value.partition(".")[0]
            if len(label) >= _SHORTEST["host"] and any(c.isdigit() or c == "-" for c in label):
                short = pseudonym.partition(".")[0]
                self._known.setdefault(label, (kind, short))

    def stand_in(self, text: str) -> bool:
        """Return whether any of the names may be in `text`."""
        return any(name in text for name in self._known)

    def find(self, text: str, known: Iterable[RedactionSpan]) -> list[RedactionSpan]:
        """Return occurrences of the names in `text`, besides `known`."""
        if not self.stand_in(text):
            return []
        taken = {(one.start, one.end) for one in known}
        return [
            RedactionSpan(*match.span(), self._known[match[0]][0], match[0], "")
            for match in occurrences(self._known, text)
            if match.span() not in taken and not self._in_code(match)
        ]

    def _in_code(self, match: re.Match[str]) -> bool:
        """Return whether a name is an attribute or a call here, such as pytest.mark."""
        if self._known[match[0]][0] not in _SHORTEST:
            return False
        text, (start, end) = match.string, match.span()
        return text[end : end + 1] == "(" or (text[start - 1 : start] == "." and start > 1)

    def pseudonym(self, finding: RedactionSpan) -> str:
        """Return the pseudonym of a remembered name; '' for any other finding."""
        return self._known[finding.value][1] if not finding.form else ""


def is_secret(kind: str) -> bool:
    """Return whether a kind is of secrets, not of names or addresses."""
    return kind not in _SHORTEST and kind not in _CARRIED_BY_SHAPE


def occurrences(values: Collection[str], text: str) -> Iterator[re.Match[str]]:
    """Yield where any of the values stands in a text as a word; the longest of several."""
    return (
        _pattern(tuple(sorted(values, key=len, reverse=True))).finditer(text)
        if values
        else iter(())
    )


@lru_cache(maxsize=512)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = "|".join(map(re.escape, names))
    # Letters beyond ASCII end a word: Chinese and Japanese write no blanks between them.
    return re.compile(rf"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))(?:{longest_first})(?![A-Za-z0-9_-])")
