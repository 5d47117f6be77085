"""Wall clocks: which time zone it is, and when a window opens and closes as instants.

Instants are in UTC. A time of day that a clock skips is the first instant after the
skip; one that comes twice is the first of both.
"""

from __future__ import annotations

import os
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from harness_forge.config.schedule import WindowConfig, zone_fault
from harness_forge.core.errors import ConfigError

_LOCALTIME = Path("/etc/localtime")
_TRANSITION = timedelta(seconds=1)


@dataclass(frozen=True)
class Window:
    """One opening of a window, as instants."""

    opens: datetime
    closes: datetime


def zone_of(
    name: str, variables: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME
) -> tzinfo:
    """Return a time zone by its name, or this machine's own for ''.

    Raises:
        ConfigError: there is no such zone; `TZ` counts where it is set.
    """
    where, own = "schedule.timezone", variables.get("TZ", "").removeprefix(":")
    if not name and own and not Path(own).is_absolute():
        where, name = "TZ", own
    if name == "UTC":
        return UTC
    if name:
        if fault := zone_fault(name):
            hint = fault[1] if where != "TZ" else "schedule.timezone=NAME, such as Europe/Berlin"
            raise ConfigError(where, fault[0], hint)
        return ZoneInfo(name)
    place = Path(own) if own else localtime
    try:
        linked = str(place.resolve(strict=True)).partition("/zoneinfo/")[2]
        if linked and not zone_fault(linked):
            return ZoneInfo(linked)
        with place.open("rb") as file:
            return ZoneInfo.from_file(file)
    except FileNotFoundError:
        return UTC
    except (OSError, ValueError) as error:
        hint = "schedule.timezone=Europe/Berlin"
        raise ConfigError(str(place), f"is no time zone: {error}", hint) from None


def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """Return when a clock first shows this time on this day, or the first instant after it.

    Args:
        at: whole seconds.
    """
    wall = datetime.combine(day, at, zone)
    high = wall.astimezone(UTC)
    if high.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return high
    # Skipped: of the two readings of such a time one lies before the skip and one after it.
    low = wall.replace(fold=1).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > _TRANSITION:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def window(config: WindowConfig, now: datetime, zone: tzinfo) -> Window | None:
    """Return the window that is open, or the next one; None where none is set.

    A window that a clock skips as a whole is left out.
    """
    if config.times is None:
        return None
    start, end = config.times
    today = now.astimezone(zone).date()
    for days in range(-2, 8):
        day = today + timedelta(days=days)
        opens = instant(day, start, zone)
        closes = instant(day + timedelta(days=end < start), end, zone)
        if opens < closes and now < closes:
            return Window(opens, closes)
    raise ConfigError("schedule.window", "does not open within a week", "choose other times")


@dataclass(frozen=True)
class ClockReading:
    """What three clocks showed at one moment.

    Args:
        wall: the time, in UTC; somebody can set it.
        awake: seconds that this machine has run, without its sleep.
        passed: seconds since it was started, its sleep included.
    """

    wall: datetime
    awake: float
    passed: float

    def since(self, before: ClockReading) -> ClockJump:
        """Return what happened to the clocks since an earlier reading."""
        passed = self.passed - before.passed
        return ClockJump(
            slept=max(passed - (self.awake - before.awake), 0.0),
            stood=max(self.awake - before.awake, 0.0),
            set_by=(self.wall - before.wall).total_seconds() - passed,
        )


@dataclass(frozen=True)
class ClockJump:
    """What happened between two readings, in seconds.

    Args:
        slept: the machine was suspended.
        stood: it ran.
        set_by: the clock was set forward by so much, or back if negative.
    """

    slept: float
    stood: float
    set_by: float


def read() -> ClockReading:
    """Return what the clocks show now."""
    return ClockReading(
        datetime.now(UTC),
        clock.clock_gettime(clock.CLOCK_MONOTONIC),
        clock.clock_gettime(clock.CLOCK_BOOTTIME),
    )
