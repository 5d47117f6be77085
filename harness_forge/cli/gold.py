"""`forge gold`: the rows of a gold set with their reviews, and a review of some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.collect.gold.sets import GoldRow

SUMMARY = "list the rows of a gold set with their reviews; approve or reject some"
USAGE = "show FILE | approve FILE ROW … | reject FILE ROW … [--by=NAME]"
EXAMPLES = (
    "forge gold show gold/beads.yaml",
    "forge gold approve gold/beads.yaml close-1 hand-on-1 --by=ana",
    "forge gold reject gold/beads.yaml answer-1 --by=ana",
)
KEYS = ()
JSON = "an object: file, rows (id, kind, state, by, date, digest), faults (place, why)"

STATES = {"show": "", "approve": "approved", "reject": "rejected"}
"""Each action, and the state that it gives rows."""
BY = "--by"


def main(argv: list[str]) -> int:
    """Do what the first word says, then print the file's rows.

    Returns:
        1 where a row is faulty.
    """
    from pathlib import Path

    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort, valued
    from harness_forge.collect.gold import sets

    by, argv = valued(argv, BY)
    words, _, overrides = sort(argv, (BY,))
    action = one_of(words[0] if words else "", list(STATES), "action of gold")
    if overrides:
        raise ConfigError("command line", f"'{overrides[0]}' is no row", f"forge gold {USAGE}")
    if len(words) < 2:
        raise ConfigError("command line", "which file?", f"forge gold {USAGE}")
    path, names = Path(words[1]), words[2:]
    shown: list[str] = []
    if action != "show":
        shown = [*map(_conversation, _review(path, names, STATES[action], by))]
    elif names or by:
        raise ConfigError("command line", "show prints every row", f"forge gold {USAGE}")
    found = list(sets.rows(path))
    rows = [one for one in found if not isinstance(one, tuple)]
    faults = [one for one in found if isinstance(one, tuple)]
    report(_facts(words[1], rows, faults), "\n".join([*shown, render(rows, faults)]))
    return 1 if faults else 0


def _review(path, names: list[str], state: str, by: str | None) -> list[GoldRow]:
    from datetime import UTC, datetime

    from harness_forge.collect.gold import reviews

    if not names:
        raise ConfigError("command line", "which rows?", f"forge gold {USAGE}")
    if by is None:
        raise ConfigError("command line", "who reviewed them?", f"{BY}=NAME")
    return reviews.add(path, names, state, by, datetime.now(UTC).date())


def _conversation(row: GoldRow) -> str:
    """Return what was reviewed, whole, so that it is seen what was signed for."""
    from harness_forge.cli.conversations import whole

    return f"{row.id}:\n{whole(row.messages)}\n"


def _facts(file: str, rows: list[GoldRow], faults: list[tuple[int, str]]) -> dict[str, Any]:
    keys = ("id", "kind", "state", "by", "date", "digest")
    return {
        "file": file,
        "rows": [{key: getattr(row, key) for key in keys} for row in rows],
        "faults": [{"place": place, "why": why} for place, why in faults],
    }


def render(rows: list[GoldRow], faults: list[tuple[int, str]]) -> str:
    """Return a line a row, then the counts by kind and the faults."""
    from collections import Counter

    from harness_forge.cli.columns import columns
    from harness_forge.collect.gold.sets import APPROVED
    from harness_forge.core.numbers import counted

    table = [("row", "kind", "state", "by", "date")]
    table += [(row.id, row.kind, row.state, row.by, row.date) for row in rows]
    used = Counter(row.kind for row in rows if row.state == APPROVED)
    kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(used.items()))
    total = f"{sum(used.values())} of {counted(len(rows), 'row')} may be used"
    lines = [*columns(table), f"  {total}{': ' if kinds else ''}{kinds}"]
    lines += [f"  row {place} is faulty: {why}" for place, why in faults]
    return "\n".join(lines)
