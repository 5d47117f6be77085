"""The cap of a generator: no file fills it while another has rows left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from harness_forge.collect.generators.context import draw
from harness_forge.collect.generators.rows import QuestionRow


def capped(rows: Sequence[QuestionRow], most: int) -> list[QuestionRow]:
    """Return at most so many rows, round by round one of each group.

    Both orders are drawn by names alone, so that a new file moves few others.
    """
    groups: dict[str, list[QuestionRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (draw(row.name), row.name)):
        groups[row.group].append(row)
    order = sorted(groups, key=lambda group: (draw(group), group))
    ranked = [
        (round_, place, row)
        for place, group in enumerate(order)
        for round_, row in enumerate(groups[group])
    ]
    return [row for _, _, row in sorted(ranked, key=lambda one: one[:2])[:most]]
