"""`forge rollback`: take the champion down; the one before it stands again."""

from __future__ import annotations

import sys

from harness_forge.errors import ConfigError

SUMMARY = "go back to the champion before; the reason goes into the ledger"
USAGE = "[NAME] --reason=TEXT [key=value …]"
EXAMPLES = (
    "forge rollback --reason='breaks sudo on db2'",
    "forge rollback stig-worker --reason='answers in German'",
)
KEYS = ("train", "forge_home")

REASON = "--reason="
"""Flag: why; a champion taken down is not promoted again by itself."""


def main(argv: list[str]) -> int:
    """Roll back one step; given again it goes back further."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import sort
    from harness_forge.promoting import rollback

    given = [word.removeprefix(REASON).strip() for word in argv if word.startswith(REASON)]
    words, _, overrides = sort([word for word in argv if not word.startswith(REASON)])
    if len(words) > 1:
        raise ConfigError("command line", "one name at a time", f"forge rollback {USAGE}")
    if not given or not given[-1]:
        raise ConfigError("command line", "say why", f"forge rollback {USAGE}")
    down, up = rollback(
        composed(overrides),
        words[0] if words else None,
        given[-1],
        lambda text: print(f"rollback: {text}", file=sys.stderr),
    )
    print(f"{up.label} stands again; {down.label} was taken down")
    return 0
