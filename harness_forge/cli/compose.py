"""`forge compose`: a recipe with its overrides, every key with its value."""

from __future__ import annotations

import sys

SUMMARY = "compose a recipe and print every key with its value"
USAGE = "[recipe=NAME] [group=choice …] [key=value …]"
EXAMPLES = (
    "forge compose",
    "forge compose recipe=target_a format=dpo",
    "forge compose --cfg export role=worker format=dpo",
)
KEYS = ()


def main(argv: list[str]) -> int:
    """Print the whole resolved config."""
    from harness_forge.cli import composed
    from harness_forge.config.compose.resolved import resolved_yaml

    sys.stdout.write(resolved_yaml(composed(argv)))
    return 0
