"""Settings of unattended cycles: when one may run, and when there is reason to."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from harness_forge.config.limits import between, limited
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def zone_fault(name: str) -> tuple[str, str] | None:
    """Return what is wrong with the name of a time zone and what to do; None if nothing is."""
    if name in ("", "UTC"):
        return None
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = sorted(zoneinfo.available_timezones())
        if not known:
            return f"{name!r} cannot be read: this machine has no time zones", "install tzdata"
        hint = did_you_mean(name, known) or "such as Europe/Berlin; "
        return f"{name!r} is no time zone", f"{hint}'' is this machine's own"
    return None


@dataclass(frozen=True)
class WindowConfig:
    """Hours of the day in which a cycle may run.

    Args:
        start: local time such as "23:00", in quotes; '' for no window.
        end: when it closes; earlier than `start` is on the next day.
        quiet_minutes: a captured request stops a cycle inside the window too,
            until none came for so long; 0 does not look at requests.
    """

    start: str = ""
    end: str = ""
    quiet_minutes: float = limited(0.0, between(0))

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if value and not _TIME.fullmatch(value):
                hint = 'hours and minutes, in quotes: "23:00"'
                raise ConfigError(f"schedule.window.{name}", f"{value!r} is no time of day", hint)
        if bool(self.start) != bool(self.end):
            hint = "set schedule.window.start and schedule.window.end, or neither"
            raise ConfigError("schedule.window", "has one end only", hint)
        if self.start and self.start == self.end:
            hint = "'' for both lets cycles run at any time"
            raise ConfigError("schedule.window", f"opens and closes at {self.start}", hint)

    @property
    def times(self) -> tuple[time, time] | None:
        """When it opens and closes, on clocks; None for no window."""
        if not self.start:
            return None
        return time.fromisoformat(self.start), time.fromisoformat(self.end)


@dataclass(frozen=True)
class IdleConfig:
    """A machine that nobody uses: a cycle may run then, at any hour.

    Args:
        minutes: without a captured request, and with the GPU unused; 0 for never.
        gpu_percent: use of the GPU above which it is in use, while no cycle runs.
    """

    minutes: float = limited(0.0, between(0))
    gpu_percent: float = limited(10.0, between(0, 100))


@dataclass(frozen=True)
class BatchConfig:
    """Records since the last finished cycle that are reason for another one.

    Args:
        passing: attempts that passed, of runs that are collected; 0 does not count them.
        scored: answers that `forge judge` scored, of a kernel also those that wait for
            a score; 0 does not count them.
    """

    passing: int = limited(0, between(0))
    scored: int = limited(0, between(0))


@dataclass(frozen=True)
class ScheduleConfig:
    """When unattended cycles run.

    A cycle may run in the window or while idle; at any time where neither is
    set. There is reason for one every so many hours or when a batch is ready;
    where neither is set, once a window and once an idle time.

    Args:
        window: hours of the day.
        idle: a machine that nobody uses.
        every_hours: from the start of one cycle to the next; 0 does not count hours.
        batch: new records.
        timezone: of the window, such as Europe/Berlin; '' is this machine's own.
        retry_minutes: after a cycle that failed, until it is tried again.
        command: one cycle, run in the project's folder; one of forge is given the words
            that `forge schedule` was given.
        after: a command after each cycle that ended well, such as [forge, champion, check]; what
            it prints is in the cycle's output, and how it ends changes nothing. [] for none.
    """

    window: WindowConfig = field(default_factory=WindowConfig)
    idle: IdleConfig = field(default_factory=IdleConfig)
    every_hours: float = limited(0.0, between(0))
    batch: BatchConfig = field(default_factory=BatchConfig)
    timezone: str = limited("", lambda value: zone_fault(value))
    retry_minutes: float = limited(60.0, between(1))
    command: list[str] = field(default_factory=lambda: ["dvc", "repro"])
    after: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.command:
            raise ConfigError("schedule.command", "is empty", "such as [dvc, repro]")

    @property
    def parts(self) -> list[Any]:
        """What is set of what decides when a cycle runs."""
        batch = self.batch
        return [
            part
            for part in (
                self.window.start, self.idle.minutes, self.every_hours, batch.passing, batch.scored
            )
            if part
        ]  # fmt: skip
