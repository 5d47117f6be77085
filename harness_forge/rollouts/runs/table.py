"""The table of a skill by rule family: what can be judged and what gold passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from harness_forge.core.records import Origin, WorkItem

HEAD = ("family", "seen", "full cycle", "ours", "content", "chars", "s/attempt")

# Attempts of complete and unfinished gold runs alike: every judged attempt counts.
SQL = """
SELECT a.item_id, a.origin, a.eval_passed, a.wall_time_s,
       length(coalesce(a.tool_call -> 'arguments' ->> 'fix_script',
                       a.tool_call ->> 'arguments')) AS chars
FROM attempts a JOIN runs r ON r.id = a.run_id
WHERE r.policy = 'gold' AND NOT a.infrastructure
ORDER BY a.id
"""


@dataclass
class FamilyRow:
    """One family's counts; seconds and characters are medians."""

    family: str
    seen: int = 0
    full_cycle: int = 0
    ours: set[str] = field(default_factory=set)
    content: set[str] = field(default_factory=set)
    chars: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as numbers; a median of nothing is None."""
        return {
            "family": self.family,
            "seen": self.seen,
            "full_cycle": self.full_cycle,
            "ours": len(self.ours),
            "content": len(self.content - self.ours),
            "chars": median(self.chars) if self.chars else None,
            "seconds": median(self.seconds) if self.seconds else None,
        }

    def cells(self) -> tuple[str, ...]:
        """Return the row as text, in the order of `HEAD`."""
        return (
            self.family,
            str(self.seen),
            str(self.full_cycle),
            str(len(self.ours)),
            str(len(self.content - self.ours)),
            f"{median(self.chars):.0f}" if self.chars else "-",
            f"{median(self.seconds):.2f}" if self.seconds else "-",
        )


def tabulate(items: Iterable[WorkItem], attempts: Iterable[Mapping]) -> list[FamilyRow]:
    """Return one row for each family, largest first, and the total last.

    `ours` counts items that our fix passed, `content` those that only the
    content's own remediation passed.
    """
    family = {}
    rows: dict[str, FamilyRow] = defaultdict(lambda: FamilyRow(""))
    total = FamilyRow("all")
    for item in items:
        family[item.item_id] = item.family
        for row in (rows[item.family], total):
            row.seen += 1
            row.full_cycle += bool(item.full_cycle)
    for attempt in attempts:
        name = family.get(attempt["item_id"])
        if name is None:
            continue
        for row in (rows[name], total):
            _count(row, attempt)
    for name, row in rows.items():
        row.family = name
    ordered = sorted(rows.values(), key=lambda row: (-row.full_cycle, row.family))
    return [*ordered, total]


def _count(row: FamilyRow, attempt: Mapping) -> None:
    row.seconds.append(attempt["wall_time_s"])
    if not attempt["eval_passed"]:
        return
    if attempt["origin"] == Origin.OURS:
        row.ours.add(attempt["item_id"])
        row.chars.append(attempt["chars"])
    elif attempt["origin"] == Origin.CONTENT:
        row.content.add(attempt["item_id"])


def markdown(rows: Sequence[FamilyRow]) -> str:
    """Return the table as Markdown, aligned for a terminal."""
    cells = [HEAD, *(row.cells() for row in rows)]
    width = [max(len(line[n]) for line in cells) for n in range(len(HEAD))]

    def line(parts: Sequence[str]) -> str:
        first, *rest = parts
        padded = [
            first.ljust(width[0]),
            *(p.rjust(w) for p, w in zip(rest, width[1:], strict=True)),
        ]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join(["-" * (width[0] + 2), *("-" * (w + 1) + ":" for w in width[1:])]) + "|"
    return "\n".join([line(HEAD), rule, *(line(c) for c in cells[1:])])
