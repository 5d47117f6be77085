"""`forge doctor`: whether this machine can run the loop, and what to do where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness_forge.config.schema import ForgeConfig
    from harness_forge.report.doctor.finding import Finding

SUMMARY = "look at the machine: store, worksets, skill, ports, disk, clock, air gap"
USAGE = "[key=value …]"
EXAMPLES = ("forge doctor", "forge doctor skill=recorded skill.name=mine", "forge doctor --json")
KEYS = ("skill", "store", "serve", "proxy", "health", "worksets", "forge_home", "data_dir")
JSON = "healthy, and checks: an array of objects with group, name, verdict, said, remedy"


def main(argv: list[str]) -> int:
    """Print a line a check; its remedy below it."""
    from harness_forge.cli import composed
    from harness_forge.cli.health import ALERTS
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.core.errors import ConfigError
    from harness_forge.report.doctor.finding import CheckVerdict

    words, _, overrides = sort(argv)
    if words:
        raise ConfigError("command line", f"'{words[0]}' is too much", f"forge doctor {USAGE}")
    found = list(findings(composed(overrides)))
    failed = any(one.verdict is CheckVerdict.FAIL for one in found)
    report({"healthy": not failed, "checks": found}, "\n".join(lines(found)))
    return ALERTS if failed else 0


def findings(config: ForgeConfig) -> Iterator[Finding]:
    """Yield every check."""
    from datetime import UTC, datetime
    from pathlib import Path

    from harness_forge.report.doctor import machine, network, places

    now, marks = datetime.now(UTC), {}
    home = Path(config.forge_home)
    yield from machine.machine()
    yield from machine.disk([home, Path(config.data_dir)], config.health.disk)
    yield from places.store(config, now, marks)
    yield from places.ledgers(config, marks)
    yield from machine.clock(marks, datetime.now(UTC))
    needed = _needed(config)
    yield places.model(config, needed=bool(needed))
    yield from places.worksets(config, needed)
    yield from _elsewhere(config)
    yield from places.trainings(config)
    yield from _skills(config)
    yield from network.ports(config)
    yield from network.air_gap(config)


def _needed(config: ForgeConfig) -> tuple[str, ...]:
    """Return the worksets that `dvc repro` of this folder uses; none outside of a project."""
    from pathlib import Path

    from harness_forge.cli.params import is_project
    from harness_forge.evaluation.suite_run import WORKSET as EVAL
    from harness_forge.training.jobs import WORKSET as TRAIN

    if not is_project():
        return ()
    return (TRAIN, EVAL) if Path("dvc.yaml").is_file() else (TRAIN,)


def _elsewhere(config: ForgeConfig) -> Iterator[Finding]:
    """Yield where tools are that need not be installed again, if this folder has none."""
    from pathlib import Path

    from harness_forge.config.starter.tools import near
    from harness_forge.report.doctor.finding import note

    default = type(config)().forge_home
    if config.forge_home == default and (found := near(Path.cwd())):
        said = f"{found.home} has {', '.join(found.names)}"
        remedy = f"{found.setting} uses them here, with that folder's store and adapters"
        yield note("worksets", "elsewhere", said, remedy)


def _skills(config: ForgeConfig) -> Iterator[Finding]:
    """Yield what `forge env doctor` finds, a line where all of it holds."""
    from harness_forge.cli.env import checks_of
    from harness_forge.config.several import skills_of
    from harness_forge.config.skill import EnvironmentKind
    from harness_forge.core.errors import ForgeError
    from harness_forge.report.doctor.finding import fail, of_error, ok

    for one in skills_of(config):
        name = one.skill.name
        if one.skill.environment is EnvironmentKind.recorded:
            yield ok("skill", name, "needs nothing that forge sets up")
            continue
        try:
            checks = checks_of(one)
        except ForgeError as error:
            yield of_error("skill", name, error)
            continue
        bad = [check for check in checks if not check.ok]
        for check in bad:
            remedy = f"forge env setup skill={name}; forge env doctor skill={name} says more"
            yield fail("skill", f"{name} {check.name}", check.said, remedy)
        if not bad:
            yield ok("skill", name, f"all {len(checks)} checks of its environment hold")


def lines(found: Sequence[Finding]) -> Iterator[str]:
    """Yield a line a check, and one for its remedy."""
    from harness_forge.cli.terminal import painted
    from harness_forge.report.doctor.finding import CheckVerdict

    styles = {CheckVerdict.OK: "good", CheckVerdict.NOTE: "open", CheckVerdict.FAIL: "bad"}
    width = max(len(f"{one.group} {one.name}") for one in found)
    for one in found:
        verdict = painted(f"{one.verdict.value:<4}", styles[one.verdict])
        yield f"{verdict}  {f'{one.group} {one.name}':<{width}}  {' '.join(one.said.split())}"
        if one.remedy:
            yield f"{'':<4}  {'':<{width}}  remedy: {one.remedy}"
