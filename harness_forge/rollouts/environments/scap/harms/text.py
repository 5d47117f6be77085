"""Lines and settings of configuration files, before and now."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator


def lines(text: str, marks: str = "#;") -> list[str]:
    """Return the lines with content: joined, stripped, blanks as one space.

    Args:
        marks: characters that start a comment.
    """
    joined = re.sub(r"\\\r?\n", " ", text)
    shown = (re.sub(r"\s+", " ", line).strip() for line in joined.splitlines())
    return [line for line in shown if line and line[0] not in marks]


def added(before: str, now: str, marks: str = "#;") -> list[str]:
    """Return the lines of `now` that `before` does not have, in their order."""
    left = Counter(lines(before, marks))
    found = []
    for line in lines(now, marks):
        if left[line]:
            left[line] -= 1
        else:
            found.append(line)
    return found


def carriage_returns(before: str, now: str) -> bool:
    """Return whether lines now end in a carriage return and did not before."""
    return "\r" in now and "\r" not in before


def pairs(found: list[str], separator: str = r"\s*=\s*|\s+") -> Iterator[tuple[str, str]]:
    """Yield key and value of each line; the value is '' if there is none."""
    for line in found:
        key, *rest = re.split(separator, line, maxsplit=1)
        yield key, rest[0].strip() if rest else ""


def overridden(before: str, now: str, separator: str = r"\s*=\s*|\s+") -> set[str]:
    """Return the keys, in lower case, that `now` gives two values and `before` did not.

    A program takes one of them, a scanner perhaps the other.
    """
    return _of_two_values(now, separator) - _of_two_values(before, separator)


def _of_two_values(text: str, separator: str) -> set[str]:
    found: dict[str, set[str]] = {}
    for key, value in pairs(lines(text), separator):
        found.setdefault(key.lower(), set()).add(value.lower())
    return {key for key, values in found.items() if len(values) > 1}


def number(text: str) -> int | None:
    """Return a whole number, or None."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text) else None
