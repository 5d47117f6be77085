"""`forge validate`: every recipe and every group, all faults at once."""

from __future__ import annotations

from harness_forge.core.errors import ConfigError, Faults

SUMMARY = "check every recipe and every group; report all faults at once"
USAGE = ""
EXAMPLES = ("forge validate",)
KEYS = ()
JSON = "an object: recipes, choices, faults: objects with where, what, hint"


def main(argv: list[str]) -> int:
    """Check; needs no database, no scanner and no GPU."""
    from harness_forge.cli import params
    from harness_forge.cli.results import report, show
    from harness_forge.cli.validation import validate

    if argv:
        raise ConfigError("command line", "forge validate takes nothing", "it checks everything")
    found = validate()
    wrong = [*params.faults(), *found.faults]
    faults = [{"where": one.where, "what": one.what, "hint": one.hint} for one in wrong]
    report({"recipes": found.recipes, "choices": found.choices, "faults": faults})
    if wrong:
        raise Faults(wrong)
    show(f"{found.recipes} recipes and {found.choices} choices of groups are sound")
    return 0
