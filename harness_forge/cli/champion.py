"""`forge champion`: which adapter stands, and how that came about."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from harness_forge.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.promoting import Standing

SUMMARY = "show which adapter is champion and every decision, the ledger verified"
USAGE = "[NAME] [key=value …]"
EXAMPLES = ("forge champion", "forge champion stig-worker")
KEYS = ("forge_home",)


def main(argv: list[str]) -> int:
    """Verify the ledger, make pointers good, and show each name's history."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import one_of, sort
    from harness_forge.promoting import standing

    words, _, overrides = sort(argv)
    if len(words) > 1:
        raise ConfigError("command line", "one name at a time", f"forge champion {USAGE}")
    found = standing(composed(overrides), lambda text: print(f"champion: {text}", file=sys.stderr))
    if words:
        one_of(words[0], [one.name for one in found], "champion")
        found = [one for one in found if one.name == words[0]]
    told = "\n\n".join(render(one) for one in found)
    print(told or "no adapter was decided on yet: forge promote")
    return 0


def render(standing: Standing) -> str:
    """Return who stands and one line for each decision, oldest first."""
    top = standing.stack[-1] if standing.stack else None
    head = f"{standing.name}: no champion yet"
    if top:
        head = f"{standing.name}: {top.candidate.label} since {top.since}"
    return "\n".join([head, *map(_row, standing.lines)])


def _row(line: dict[str, Any]) -> str:
    return (
        f"  {line['time']}  {line['candidate']['digest'][:12]}  {line['decision']:<12}  "
        f"{line['why']}"
    )
