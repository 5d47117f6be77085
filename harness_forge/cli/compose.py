"""`forge compose`: a recipe with its overrides, every key with its value."""

from __future__ import annotations

SUMMARY = "compose a recipe and print every key with its value"
USAGE = "[recipe=NAME] [group=choice …] [key=value …]"
EXAMPLES = (
    "forge compose",
    "forge compose recipe=target_a format=dpo",
    "forge compose --cfg export role=worker format=dpo",
)
KEYS = ()
JSON = "an object: the whole config"


def main(argv: list[str]) -> int:
    """Print the whole resolved config."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.config.compose.resolved import resolved_yaml, section_of

    config = composed(argv)
    report(section_of(config), resolved_yaml(config).removesuffix("\n"))
    return 0
