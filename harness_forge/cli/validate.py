"""`forge validate`: every recipe and every group, all faults at once."""

from __future__ import annotations

from harness_forge.core.errors import ConfigError, Faults

SUMMARY = "check every recipe and every group; report all faults at once"
USAGE = ""
EXAMPLES = ("forge validate",)
KEYS = ()


def main(argv: list[str]) -> int:
    """Check; needs no database, no scanner and no GPU."""
    from harness_forge.cli.validation import validate

    if argv:
        raise ConfigError("command line", "forge validate takes nothing", "it checks everything")
    report = validate()
    if report.faults:
        raise Faults(report.faults)
    print(f"{report.recipes} recipes and {report.choices} choices of groups are sound")
    return 0
