"""How long the rows of a dataset are, in tokens."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.chat.template import ChatTemplate, Unrenderable
from harness_forge.core.errors import TrainError

_FIRST = 64
"""Upper edge of the first bin; each next is twice as wide, as batches are padded to it or more."""


@dataclass(frozen=True)
class Lengths:
    """Lengths of the rows to train on.

    Args:
        rows: how many there are.
        tokens: of all rows together, once.
        padded: the same, each row padded to the next multiple of 64.
        longest: tokens of the longest.
        median: of the row in the middle.
        over: rows over `train.sequence_length`; `forge train` refuses such a dataset.
        histogram: (longest length of the bin, rows in it), the last bin with rows last.
        ordered: the lengths, shortest first.
    """

    rows: int
    tokens: int
    padded: int
    longest: int
    median: int
    over: int
    histogram: tuple[tuple[int, int], ...]
    ordered: tuple[int, ...]

    def longer(self, limit: int) -> int:
        """Return how many rows are longer than a limit."""
        return len(self.ordered) - bisect_right(self.ordered, limit)

    def facts(self) -> dict[str, Any]:
        """Return what a program wants to know of them."""
        return {name: value for name, value in vars(self).items() if name != "ordered"}


def measured(
    files: Sequence[Path],
    template: ChatTemplate,
    counts: Callable[[Sequence[str]], list[int]],
    limit: int,
) -> Lengths:
    """Return the lengths of all rows, rendered as training renders them.

    Args:
        files: JSON lines, each with its messages and perhaps tools.
        counts: returns the tokens of each text.
        limit: `train.sequence_length`.

    Raises:
        TrainError: the template cannot render a row.
    """
    texts = [text for path in files for text in _texts(path, template)]
    return of(counts(texts), limit)


def of(lengths: Sequence[int], limit: int) -> Lengths:
    """Return what is said of these lengths, of which there is at least one."""
    ordered = sorted(lengths)
    edges = [_FIRST]
    while edges[-1] < ordered[-1]:
        edges.append(2 * edges[-1])
    lower = [0, *edges]
    return Lengths(
        rows=len(ordered),
        tokens=sum(ordered),
        padded=sum(-(-length // 64) * 64 for length in ordered),
        longest=ordered[-1],
        median=ordered[len(ordered) // 2],
        over=len(ordered) - bisect_right(ordered, limit),
        histogram=tuple(
            (edge, sum(below < length <= edge for length in ordered))
            for below, edge in zip(lower, edges, strict=False)
        ),
        ordered=tuple(ordered),
    )


def _texts(path: Path, template: ChatTemplate):
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            row = json.loads(line)
            try:
                yield template.render(row["messages"], _tools(row))
            except Unrenderable as error:
                where = f"{path}:{number}"
                raise TrainError(where, f"the chat template refuses it: {error}") from None


def _tools(row) -> list:
    tools = row.get("tools") or ()
    return json.loads(tools) if isinstance(tools, str) else list(tools)
