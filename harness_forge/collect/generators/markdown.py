"""Markdown pages: prose apart from code, sections by heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the text under it, up to the next heading.

    Args:
        first, last: lines, from 1.
    """

    title: str
    first: int
    last: int
    lines: Sequence[str]

    def paragraphs(self) -> list[str]:
        """Return its blocks between empty lines, without the heading."""
        blocks = "\n".join(self.lines[1:]).split("\n\n")
        return [block.strip("\n") for block in blocks if block.strip()]


def prose_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines with those of fenced code emptied."""
    found, fence = [], ""
    for line in lines:
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence:
            found.append("")
            fence = "" if mark and mark[1].startswith(fence) else fence
        else:
            fence = mark[1] if mark else ""
            found.append("" if mark else line)
    return found


def sections(lines: Sequence[str]) -> Iterator[Section]:
    """Yield the sections of a page."""
    marks = [
        (place, match[2])
        for place, line in enumerate(prose_lines(lines))
        if (match := _HEADING.fullmatch(line))
    ]
    for (place, title), (end, _) in zip(marks, [*marks, (len(lines), "")][1:], strict=True):
        while end > place + 1 and not lines[end - 1].strip():
            end -= 1
        yield Section(title, place + 1, end, lines[place:end])
