"""`forge approve`: a person's yes or no to a candidate that the rule would promote."""

from __future__ import annotations

import sys

from harness_forge.core.errors import ConfigError

SUMMARY = "say yes or no to a candidate that waits (promote.approval=true)"
USAGE = "[NAME] --reason=TEXT [--decline] [key=value …]"
EXAMPLES = (
    "forge approve --reason='read 20 of its answers'",
    "forge approve stig-worker --reason='read 20 of its answers'",
    "forge approve stig.worker --decline --reason='answers in German'",
)
KEYS = ("promote", "signing", "forge_home")
JSON = "an object: the ledger's line, with decision, candidate, champion_after and approval"

REASON, DECLINE = "--reason", "--decline"
"""Flags: why; no instead of yes."""


def main(argv: list[str]) -> int:
    """Write the yes or no; a candidate that is approved is champion then."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort, valued
    from harness_forge.core.account import account
    from harness_forge.promotion.mlflow_mirror import mirror
    from harness_forge.registry.adapters.identity import AdapterIdentity
    from harness_forge.registry.approval import approve

    reason, rest = valued(argv, REASON)
    words, flags, overrides = sort(rest, (DECLINE,))
    if len(words) > 1:
        raise ConfigError("command line", "one name at a time", f"forge approve {USAGE}")
    if not reason:
        raise ConfigError("command line", "say why", f"forge approve {USAGE}")
    config = composed(overrides)

    def say(text: str) -> None:
        print(f"approve: {text}", file=sys.stderr)

    name = words[0] if words else None
    line = approve(config, name, reason, account(), decline=DECLINE in flags, say=say)
    mirror(config, say)
    label = AdapterIdentity.of(line["candidate"]).label
    text = f"{label} is champion" if DECLINE not in flags else f"{label} was declined"
    report(line, f"{text}; {line['why']}")
    return 0
