"""`forge health`: what changed in the last days, and what somebody must look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    _write(found, config)
    return ALERTS if found.alerts else 0


def _write(found: Health, config: ForgeConfig) -> None:
    """Write files and call the webhook, each whatever became of the others.

    Raises:
        Faults: some failed; with the exit code of alerts if one stands.
    """
    from harness_forge.cli.results import written
    from harness_forge.core.errors import ConfigError, Faults, ForgeError
    from harness_forge.report.health.facts import as_json
    from harness_forge.report.health.outputs import outputs

    faults: list[ForgeError] = []
    for write in outputs(found, config.health, lambda: written(as_json(found))):
        try:
            write()
        except ForgeError as error:
            faults.append(error)
        except OSError as error:
            what = f"cannot be written: {error.strerror or error}"
            faults.append(ConfigError(str(error.filename or "health"), what))
    if faults:
        raised = Faults(faults)
        raised.exit_code = ALERTS if found.alerts else raised.exit_code
        raise raised


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
