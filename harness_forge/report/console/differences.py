"""Two answers, line by line: what one has and the other lacks."""

from __future__ import annotations

from difflib import unified_diff

from harness_forge.core.numbers import counted
from harness_forge.report.html import Html, tag

_LINES = 800
"""Lines of an answer that are compared; the time grows with their product."""
_WIDE = 1_000
"""Characters of a line that are compared."""

_KINDS = {"+": "added", "-": "removed", "@": "place"}


def difference(before: str, after: str) -> Html:
    """Return the lines of two texts, marked by + and - and by colour; equal runs are cut."""
    first, second = _lines(before), _lines(after)
    found = list(unified_diff(first, second, lineterm="", n=3))[2:]
    if not found:
        return tag("p", "Both answers are the same.", class_="note")
    shown = [tag("span", line, "\n", class_=_KINDS.get(line[:1])) for line in found]
    whole = max(before.count("\n"), after.count("\n")) < _LINES
    note = None if whole else tag("p", f"Of the first {counted(_LINES, 'line')}.", class_="note")
    return tag("div", tag("pre", shown, class_="diff"), note)


def _lines(text: str) -> list[str]:
    return [line[:_WIDE] for line in text.split("\n")[:_LINES]]
