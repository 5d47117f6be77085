"""Puts a section that a script made into a page of docs, in the place of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from multiprocessing import Pool
from pathlib import Path

Rows = tuple[Callable, Iterable]
"""What makes a line of a table, and what each line is of."""

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


def simulate(script: str, head: str, errors: Rows, power_head: str, power: Rows) -> None:
    """Simulate two tables on two cores, print them line by line, and put them into gate.md.

    Args:
        script: as in `put`; `head` and `power_head` precede the tables of errors and of power.
    """
    lines = [head]
    with Pool(2) as pool:
        for before, (line_of, cases) in (("", errors), (power_head, power)):
            lines += [before] if before else []
            for line in pool.imap(line_of, cases):
                lines.append(line)
                print(line, flush=True)
    put("gate.md", script, "\n".join(lines))
