"""Puts a section that a script made into a page of docs, in the place of the one before."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def put(page: str, script: str, text: str) -> None:
    """Write a section between its marks; at the end of the page the first time.

    Args:
        page: a file of docs.
        script: name of the script that makes the section; its marks.
        text: the section, without the marks.
    """
    begin, end = f"<!-- {script} -->\n", f"<!-- end of {script} -->\n"
    path = DOCS / page
    old = path.read_text()
    before, found, rest = old.partition(begin)
    after = rest.partition(end)[2] if found else ""
    before = before if found else before.rstrip("\n") + "\n\n"
    path.write_text(f"{before}{begin}{text.rstrip()}\n{end}{after}")
