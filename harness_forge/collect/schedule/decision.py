"""Whether a cycle runs: a function of settings, the time, and what is known of records and use.

Two questions, in this order: may a cycle run now (window, idle time), and is there reason
for one (hours, a batch, a window that had none). One that was stopped is reason enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum

from harness_forge.collect.schedule.clock import Window, window
from harness_forge.config.schedule import ScheduleConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import count


class Action(Enum):
    """What is done."""

    wait = "wait"  # no cycle may run
    ready = "ready"  # one may, and there is no reason for it
    run = "run"  # one begins, or goes on
    stop = "stop"  # the one that runs is stopped, to go on later


class CycleResult(Enum):
    """What the last cycle came to."""

    none = ""  # there was none
    done = "done"
    failed = "failed"
    stopped = "stopped"


@dataclass(frozen=True)
class Facts:
    """What is known besides the time. Times are in UTC.

    Args:
        watched: since when requests are looked for.
        request: the last that was captured; None for none.
        used: when the GPU was last in use, or the machine woke up.
        started: the first start of the last cycle.
        ended: its last end.
        result: what it came to.
        passing, scored: new since the last finished cycle; None for not known.
        running: a cycle runs now.
    """

    watched: datetime
    request: datetime | None = None
    used: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    result: CycleResult = CycleResult.none
    passing: int | None = None
    scored: int | None = None
    running: bool = False

    def before(self, now: datetime) -> Facts:
        """Return the facts with no time after `now`: the clock was set back."""
        late = {
            field.name: now
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), datetime) and value > now
        }
        return replace(self, **late) if late else self


@dataclass(frozen=True)
class ScheduleDecision:
    """What is done at one time, and why.

    Args:
        until: when another decision follows if nothing else happens; None for never.
    """

    at: datetime
    action: Action
    why: str
    until: datetime | None = None


@dataclass(frozen=True)
class _Answer:
    """An answer to one of the two questions; `until` when it changes by the clock alone."""

    yes: bool
    why: str
    until: datetime | None = None


def checked(config: ScheduleConfig) -> ScheduleConfig:
    """Return settings by which a cycle can run.

    Raises:
        ConfigError: none ever would.
    """
    if not config.parts:
        hint = "such as schedule=night; `forge ls schedule` lists more"
        raise ConfigError("schedule", "sets neither window, idle time, hours nor batch", hint)
    return config


def decide(config: ScheduleConfig, now: datetime, zone: tzinfo, facts: Facts) -> ScheduleDecision:
    """Return what is done now."""
    facts = facts.before(now)
    here = window(config.window, now, zone)
    may = _may(config, now, zone, facts, here)
    if facts.running:
        action = Action.run if may.yes else Action.stop
        return ScheduleDecision(now, action, may.why, may.until)
    if not may.yes:
        return ScheduleDecision(now, Action.wait, may.why, may.until)
    reason = _reason(config, now, zone, facts, here)
    action = Action.run if reason.yes else Action.ready
    ends = [one for one in (may.until, None if reason.yes else reason.until) if one]
    return ScheduleDecision(now, action, f"{may.why}; {reason.why}", min(ends, default=None))


def ahead(
    config: ScheduleConfig, now: datetime, zone: tzinfo, facts: Facts, takes: timedelta
) -> Iterator[ScheduleDecision]:
    """Yield the decisions from now on if no request comes and no record.

    Args:
        takes: how long a cycle takes.
    """
    left = takes
    while True:
        found = decide(config, now, zone, facts)
        yield found
        if found.action is Action.run:
            if not facts.running:
                left = left if facts.result is CycleResult.stopped else takes
                started = facts.started if facts.result is CycleResult.stopped else now
                facts = replace(facts, running=True, started=started or now)
            end = now + left
            if found.until is None or end <= found.until:
                now = end
                facts = replace(
                    facts, running=False, ended=now, result=CycleResult.done, passing=0, scored=0
                )
                continue
            left -= found.until - now
        elif found.action is Action.stop:
            facts = replace(facts, running=False, ended=now, result=CycleResult.stopped)
            continue
        if found.until is None:
            return
        now = found.until


def _may(config, now, zone, facts: Facts, here: Window | None) -> _Answer:
    if here is None and not config.idle.minutes:
        return _Answer(True, "at any time")
    answers = []
    if here is not None:
        answers.append(_in_window(config, now, zone, facts, here))
    if config.idle.minutes:
        answers.append(_idle(config, now, zone, facts))
    if open_now := [one for one in answers if one.yes]:
        # What has no end but a request outlasts a window.
        return min(open_now, key=lambda one: one.until is not None)
    return _Answer(
        False,
        "; ".join(one.why for one in answers),
        min(one.until for one in answers if one.until),
    )


def _in_window(config, now, zone, facts: Facts, here: Window) -> _Answer:
    shown = f"{clock(here.opens, now, zone)} to {here.closes.astimezone(zone):%H:%M}"
    walls = [one.astimezone(zone).replace(tzinfo=None) for one in (here.opens, here.closes)]
    if here.closes - here.opens != walls[1] - walls[0]:
        shown += f", {(here.closes - here.opens) / timedelta(hours=1):g} hours as clocks change"
    if now < here.opens:
        return _Answer(False, f"the window is closed: {shown}", here.opens)
    quiet = config.window.quiet_minutes
    if quiet and facts.request and now < (at := facts.request + timedelta(minutes=quiet)):
        last = clock(facts.request, now, zone)
        why = f"the window is open, and a request came at {last}: {quiet:g} minutes without one"
        return _Answer(False, why, min(at, here.closes))
    return _Answer(True, f"the window is open: {shown}", here.closes)


def _idle(config, now, zone, facts: Facts) -> _Answer:
    last, what = active(facts)
    at = last + timedelta(minutes=config.idle.minutes)
    said = f"{what} {clock(last, now, zone)}"
    if now < at:
        return _Answer(False, f"not idle: {said}, {config.idle.minutes:g} minutes are wanted", at)
    return _Answer(True, f"idle: {said}")


def active(facts: Facts) -> tuple[datetime, str]:
    """Return when the machine was last in use as far as is known, and how."""
    known = [(facts.request, "last request at"), (facts.used, "in use at")]
    found = [(at, what) for at, what in known if at]
    return max(found, default=(facts.watched, "no request since"))


def _reason(config, now, zone, facts: Facts, here: Window | None) -> _Answer:
    if facts.result is CycleResult.stopped:
        return _Answer(True, "the last cycle is not finished")
    if facts.result is CycleResult.failed:
        at = facts.ended + timedelta(minutes=config.retry_minutes)
        if now < at:
            why = f"the last cycle failed, it is tried again at {clock(at, now, zone)}"
            return _Answer(False, why, at)
        return _Answer(True, "the last cycle failed and is tried again")
    batch = config.batch
    if not (config.every_hours or batch.passing or batch.scored):
        return _once(config, now, zone, facts, here)
    answers = []
    if config.every_hours:
        answers.append(_hours(config.every_hours, now, zone, facts))
    if batch.passing:
        answers.append(_batch(facts.passing, batch.passing, "new attempts that passed"))
    if batch.scored:
        answers.append(_batch(facts.scored, batch.scored, "new scores"))
    if good := [one for one in answers if one.yes]:
        return good[0]
    ends = [one.until for one in answers if one.until]
    return _Answer(False, "; ".join(one.why for one in answers), min(ends, default=None))


def _once(config, now, zone, facts: Facts, here: Window | None) -> _Answer:
    if facts.ended is None:
        return _Answer(True, "there was no cycle yet")
    if here and here.opens <= now and facts.ended < here.opens:
        return _Answer(True, "no cycle in this window yet")
    if config.idle.minutes and (facts.started or facts.ended) < active(facts)[0]:
        return _Answer(True, "no cycle in this idle time yet")
    why = f"a cycle ended at {clock(facts.ended, now, zone)}"
    if here is None:
        return _Answer(False, f"{why}, the next follows a request")
    # Beside an idle time, which has no end of its own, the next window is reason again.
    following = here if now < here.opens else window(config.window, here.closes, zone)
    return _Answer(False, why, following.opens if following else None)


def _hours(every: float, now, zone, facts: Facts) -> _Answer:
    if facts.started is None:
        return _Answer(True, "there was no cycle yet")
    at = facts.started + timedelta(hours=every)
    began = f"the last cycle began at {clock(facts.started, now, zone)}"
    if now < at:
        return _Answer(False, f"{began}, every {every:g} hours", at)
    return _Answer(True, f"{began}, {every:g} hours are over")


def _batch(found: int | None, wanted: int, nouns: str) -> _Answer:
    if found is None:
        return _Answer(False, f"{nouns} are not known")
    return _Answer(found >= wanted, f"{count(found)} of {count(wanted)} {nouns}")


def clock(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return a time of day as people read it, with its date where that is another one."""
    here = at.astimezone(zone)
    if here.date() == now.astimezone(zone).date():
        return f"{here:%H:%M}"
    return f"{here:%Y-%m-%d %H:%M}"


def full(at: datetime, zone: tzinfo) -> str:
    """Return a time with its date and its zone's abbreviation."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {at.astimezone(zone).tzname()}"
