"""`forge health`: what changed in the last days, and what somebody must look at."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness_forge.core.errors import ForgeError

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.report.health.collect import Health

SUMMARY = "watch the loop: trends of the last days with their tests, alerts, metrics"
USAGE = "[SKILL …] [--days] [key=value …]"
EXAMPLES = (
    "forge health",
    "forge health --days",
    "forge health health=imported",
    "forge health health.json_file=health.json health.prometheus=forge.prom health.otlp=otlp.jsonl",
    "forge health health.webhook=http://127.0.0.1:9093/forge",
)
KEYS = ("health", "store", "judge", "forge_home", "data_dir")
JSON = "healthy, trend, message, at, window, alerts, skills, series, slots, disks"

DAYS = "--days"
"""A table of days for each series."""

ALERTS = 19
"""Exit code where an alert stands: a result, not a fault."""


def main(argv: list[str]) -> int:
    """Report, write what was asked for, and say by the exit code whether an alert stands."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.report.health.collect import collect
    from harness_forge.report.health.facts import as_json
    from harness_forge.report.health.outputs import check

    words, flags, overrides = sort(argv, (DAYS,))
    config = composed(overrides)
    check(config.health)
    found = collect(config, words)
    report(as_json(found), render(found, config, days=DAYS in flags))
    fault = _written(found, config)
    return ALERTS if found.alerts else fault


def _written(found: Health, config: ForgeConfig) -> int:
    """Write files and call the webhook; return the exit code of the last that failed."""
    from harness_forge.cli.results import written
    from harness_forge.report.health.facts import as_json
    from harness_forge.report.health.outputs import outputs

    code = 0
    for write in outputs(found, config.health, lambda: written(as_json(found))):
        try:
            write()
        except ForgeError as error:
            print(f"health: {error}", file=sys.stderr)
            code = error.exit_code
        except OSError as error:
            print(f"health: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
            code = 1
    return code


def render(found: Health, config: ForgeConfig, days: bool = False) -> str:
    """Return the report for a terminal."""
    from harness_forge.cli.columns import columns
    from harness_forge.cli.terminal import painted
    from harness_forge.report.health import facts

    state = painted("healthy", "good") if found.healthy else painted("alert", "bad")
    parts = [[f"{state}: {found.message}"], list(facts.alert_lines(found))]
    if found.series:
        parts.append(columns(facts.table(found), left=1))
    if days:
        for one in found.series:
            table = columns([facts.DAYS_HEAD, *facts.day_rows(one)], left=1)
            parts.append([one.name, *(f"  {line}" for line in table)])
    parts += [list(facts.notes(found, config.health.window_days)), list(facts.places(found))]
    return "\n\n".join("\n".join(part) for part in parts if part)
