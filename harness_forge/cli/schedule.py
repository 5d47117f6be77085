"""`forge schedule`: cycles of the loop that run by themselves, and stop for work."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import counted, seconds

if TYPE_CHECKING:
    from datetime import tzinfo

    from harness_forge.config.schema import ForgeConfig

SUMMARY = "run cycles of the loop by themselves: at night, when idle, every so many hours"
USAGE = (
    "next | run | status | log | install | remove [--count=N] [--at=TIME] [--takes=HOURS] [--once] "
    "[--print] [--enable] [--cron] [key=value …]"
)
EXAMPLES = (
    "forge schedule next schedule=night",
    "forge schedule next --at=2027-03-27T12:00 --takes=9 schedule.timezone=Europe/Berlin",
    "forge schedule run schedule=idle",
    "forge schedule run --once schedule=every12h",
    "forge schedule status",
    "forge schedule log",
    "forge schedule log --count=30",
    "forge schedule install --print schedule=night",
    "forge schedule install --enable schedule=night",
    "forge schedule remove",
)
KEYS = ("schedule", "proxy", "skill", "store", "judge", "forge_home")
JSON = (
    "next: an array: at, action, why, until; status, run --once: the state, its cycle, alive; "
    "log: an array of nights: day, entries; "
    "install, remove: files, line, enabled"
)

ACTIONS = ("next", "run", "status", "log", "install", "remove")
ONCE, PRINT, ENABLE, CRON = "--once", "--print", "--enable", "--cron"
FLAGS = {
    "next": (),
    "run": (ONCE,),
    "status": (),
    "log": (),
    "install": (PRINT, ENABLE, CRON),
    "remove": (CRON,),
}
"""The flags of each action."""


def main(argv: list[str]) -> int:
    """Do what the first word says."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import one_of, sort, unknown_flag, valued

    count, argv = valued(argv, "--count")
    at, argv = valued(argv, "--at")
    takes, argv = valued(argv, "--takes")
    words, flags, overrides = sort(argv, (ONCE, PRINT, ENABLE, CRON))
    action = one_of(words[0] if words else "", ACTIONS, "action of schedule")
    if len(words) > 1:
        raise ConfigError("command line", f"'{words[1]}' is too much", f"forge schedule {USAGE}")
    for flag in sorted(flags):
        if flag not in FLAGS[action]:
            raise unknown_flag(flag, FLAGS[action])
    ahead = {"--at": at, "--takes": takes} | ({} if action == "log" else {"--count": count})
    if action != "next" and (given := [flag for flag, value in ahead.items() if value is not None]):
        raise ConfigError("command line", f"{given[0]} is for `forge schedule next`")
    config = _told(composed(overrides), overrides)
    if action == "next":
        return _next(config, _number("--count", count or "10"), at, takes or "0")
    if action == "log":
        return _log(config, _number("--count", count or "14"))
    return {"run": _run, "status": _status, "install": _install, "remove": _remove}[action](
        config, flags, overrides
    )


def _told(config: ForgeConfig, overrides: list[str]) -> ForgeConfig:
    """Return the config whose commands of forge are given the words that were typed here.

    `params.yaml` they read by themselves.
    """
    schedule = config.schedule
    command, after = (
        [*words, *overrides] if words[:1] == ["forge"] else list(words)
        for words in (schedule.command, schedule.after)
    )
    return replace(config, schedule=replace(schedule, command=command, after=after))


def _next(config: ForgeConfig, count: int, at: str | None, takes: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.collect.schedule import clock, decision, facts, state

    zone = clock.zone_of(config.schedule.timezone)
    now = _time(at, zone) if at else datetime.now(UTC)
    schedule = decision.checked(config.schedule)
    kept = state.read(state.place(config))
    known = facts.Watch(config, kept, lambda text: print(f"schedule: {text}")).facts(now)
    span = timedelta(hours=_hours("--takes", takes))
    found = list(islice(decision.ahead(schedule, now, zone, known, span), count))
    lasts = seconds(span.total_seconds()) if span else "no time"
    lines = [f"time zone {zone}; if no request and no record comes, and a cycle takes {lasts}:"]
    lines += [f"{decision.full(one.at, zone):24} {one.action.value:5}  {one.why}" for one in found]
    if len(found) < count:
        lines.append("nothing more follows by the clock alone")
    report(found, "\n".join(lines))
    return 0


def _number(flag: str, text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= 10_000:
        return int(text)
    raise ConfigError("command line", f"{flag}={text}: must be a number of 1 to 10000")


def _hours(flag: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value <= 10_000:
        return value
    raise ConfigError("command line", f"{flag}={text}: must be hours, of 0 to 10000")


def _time(text: str, zone: tzinfo) -> datetime:
    """Return a time that was given, in UTC; without an offset it is local."""
    try:
        found = datetime.fromisoformat(text)
        there = found if found.tzinfo else found.replace(tzinfo=zone)
        # Windows reach some days to either side.
        if not 1970 < there.year < 9998:
            raise ValueError
        return there.astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "such as 2027-03-27T12:00, or 2027-03-27T12:00+01:00"
        raise ConfigError("command line", f"--at={text}: is no time", hint) from None


def _run(config: ForgeConfig, flags: set[str], overrides: list[str]) -> int:
    from harness_forge.cli.results import for_people, report
    from harness_forge.collect.schedule import state
    from harness_forge.collect.schedule.supervisor import Supervisor, SupervisorBusy

    once = ONCE in flags
    if not once:
        for_people("forge schedule run")
    try:
        code = Supervisor(config, lambda text: print(text, flush=True), once=once).run()
    except SupervisorBusy as error:
        if not once:
            raise
        # A timer that looks every few minutes finds the cycle that it started.
        print(f"schedule: {error.what}")
        code = 0
    found = state.read(state.place(config))
    report({"alive": found.alive, **state.as_dict(found)})
    return code


def _status(config: ForgeConfig, flags: set[str], overrides: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.collect.schedule import clock, state

    file = state.place(config)
    if state.damaged(file):
        hint = "the next `forge schedule run` moves it aside and counts from now"
        raise ConfigError(str(file), "is not as forge writes it", hint)
    found = state.read(file)
    zone = clock.zone_of(config.schedule.timezone)
    value = {"alive": found.alive, **state.as_dict(found)}
    report(value, "\n".join(state.summary(found, zone)))
    return 0


def _log(config: ForgeConfig, count: int) -> int:
    """Tell the last nights, a line each."""
    from harness_forge.cli.results import report
    from harness_forge.collect.schedule import clock, history, state

    folder = state.folder(config)
    entries, strange = history.read(folder)
    found = history.nights(entries, clock.zone_of(config.schedule.timezone))[-count:]
    if strange:
        print(
            f"schedule: {counted(strange, 'line')} of {history.place(folder)} left out: damaged",
            file=sys.stderr,
        )
    lines = [one.line for one in found] or ["no cycle has ended yet"]
    report([{"day": one.day, "entries": one.entries} for one in found], "\n".join(lines))
    return 0


def _install(config: ForgeConfig, flags: set[str], overrides: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.collect.schedule import clock, decision, units

    decision.checked(config.schedule)
    clock.zone_of(config.schedule.timezone)
    if CRON in flags or not units.has_systemd():
        if ENABLE in flags:
            hint = "put the line that `forge schedule install` prints into `crontab -e`"
            raise ConfigError("command line", "--enable is for systemd", hint)
        line = _crontab_line(config, overrides)
        print("put this line into `crontab -e`; nothing was changed:", file=sys.stderr)
        report({"files": [], "line": line, "enabled": False}, line)
        return 0
    made = units.units(Path.cwd(), overrides)
    value = {"files": list(made.files), "line": None, "enabled": ENABLE in flags}
    if PRINT in flags:
        texts = [f"# {path}\n{text}" for path, text in made.files.items()]
        report({**value, "texts": list(made.files.values())}, "\n".join(texts).rstrip())
        return 0
    for fault in units.write(made):
        print(f"systemd says: {fault}", file=sys.stderr)
    lines = [f"written: {path}" for path in made.files]
    if ENABLE in flags:
        units.call(made.enabling)
        lines.append(f"enabled: systemctl --user list-timers {made.name}.timer")
    else:
        lines += ["to enable it:", *(f"  {shlex.join(words)}" for words in made.enabling)]
    lines.append("to let it run while you are logged out: loginctl enable-linger")
    report(value, "\n".join(lines))
    return 0


def _remove(config: ForgeConfig, flags: set[str], overrides: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.collect.schedule import units

    made = units.units(Path.cwd(), overrides)
    there = [path for path in made.files if path.exists()]
    if there and CRON not in flags:
        units.call(made.disabling, strict=False)
        for path in there:
            path.unlink()
        units.call(made.enabling[:1], strict=False)
        text = "\n".join(f"removed: {path}" for path in there)
        report({"files": there, "line": None, "enabled": False}, text)
    elif units.has_systemd() and CRON not in flags:
        text = f"nothing to remove: there is no {made.folder / made.name}.timer"
        report({"files": [], "line": None, "enabled": False}, text)
    else:
        line = _crontab_line(config, overrides)
        print("take this line out of `crontab -e`; nothing was changed:", file=sys.stderr)
        report({"files": [], "line": line, "enabled": False}, line)
    return 0


def _crontab_line(config: ForgeConfig, overrides: list[str]) -> str:
    from harness_forge.collect.schedule import state, units

    return units.crontab_line(
        Path.cwd(), overrides, state.folder(config).resolve() / units.CRON_LOG
    )
