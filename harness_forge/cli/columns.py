"""Tables on a terminal: each cell one line, whatever a name in it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], *, left: int | None = None) -> list[str]:
    """Return a line for each row, cells padded to the width of their column.

    New lines and tabs in a cell become blanks, so that no name makes a row of its own.

    Args:
        rows: all of the same number of cells, the head first.
        left: columns from the left that are flush left, the others flush right;
            None for all.
    """
    folded = [[re.sub(r"[\t-\r]+", " ", cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in folded) for at in range(len(folded[0]))]
    bound = len(widths) if left is None else left
    return [
        "  ".join(
            f"{cell:<{width}}" if at < bound else f"{cell:>{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in folded
    ]
