"""`forge rollback`: remove the champion, and restore the one before it or an earlier one."""

from __future__ import annotations

import sys

from harness_forge.core.errors import ConfigError

SUMMARY = "go back to an earlier champion; the reason goes into the ledger"
USAGE = "[NAME] --reason=TEXT [--to=ENTRY] [key=value …]"
EXAMPLES = (
    "forge rollback --reason='breaks sudo on db2'",
    "forge rollback stig-worker --reason='answers in German'",
    "forge rollback stig.worker --to=1.0.0 --reason='slow since then'",
)
KEYS = ("train", "promote", "forge_home")
JSON = "an object: champion, removed: adapters with name and digest"

REASON, TO = "--reason", "--to"
"""Flags: why; which entry of `forge champion`, by hash, adapter or version.

A removed champion is not promoted again by itself.
"""


def main(argv: list[str]) -> int:
    """Roll back one step, or to an entry; given again it goes back further."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort, valued
    from harness_forge.promotion.history import rollback
    from harness_forge.promotion.mlflow_mirror import mirror

    reason, rest = valued(argv, REASON)
    to, rest = valued(rest, TO)
    words, _, overrides = sort(rest)
    if len(words) > 1:
        raise ConfigError("command line", "one name at a time", f"forge rollback {USAGE}")
    if not reason:
        raise ConfigError("command line", "say why", f"forge rollback {USAGE}")
    config = composed(overrides)

    def say(text: str) -> None:
        print(f"rollback: {text}", file=sys.stderr)

    down, up = rollback(config, words[0] if words else None, reason, say, to)
    mirror(config, say)
    text = f"{up.label} is champion again; {down.label} was removed"
    report({"champion": up, "removed": down}, text)
    return 0
