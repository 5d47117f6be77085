"""What is decided, by settings, the time and facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from harness_forge.collect.schedule.decision import (
    Action,
    CycleResult,
    Facts,
    ahead,
    checked,
    decide,
)
from harness_forge.config.schedule import BatchConfig, IdleConfig, ScheduleConfig, WindowConfig
from harness_forge.core.errors import ConfigError

DAY = datetime(2027, 5, 1, tzinfo=UTC)
NIGHT = ScheduleConfig(WindowConfig("23:00", "07:00", 30))
IDLE = ScheduleConfig(idle=IdleConfig(30))
KERNEL = ScheduleConfig(
    WindowConfig("23:00", "07:00"), idle=IdleConfig(30), batch=BatchConfig(scored=32)
)
FACTS = Facts(watched=DAY - timedelta(days=1))


def at(hour, minute=0):
    return DAY + timedelta(hours=hour, minutes=minute)


def decided(config, now, **facts):
    return decide(config, now, UTC, replace(FACTS, **facts))


def done(start, end=None):
    return {"started": start, "ended": end or start, "result": CycleResult.done}


def test_one_cycle_a_night():
    assert decided(NIGHT, at(22, 59)).action is Action.wait
    assert decided(NIGHT, at(22, 59)).until == at(23)
    assert decided(NIGHT, at(23)).action is Action.run
    assert decided(NIGHT, at(26), **done(at(23))).action is Action.ready
    assert decided(NIGHT, at(31), **done(at(23))).action is Action.wait
    assert decided(NIGHT, at(47), **done(at(23))).action is Action.run


def test_a_request_at_night_stops_a_cycle_until_it_is_quiet():
    asked = {"request": at(25, 10), "started": at(23)}
    assert decided(NIGHT, at(25, 9), running=True, started=at(23)).action is Action.run
    stopped = decided(NIGHT, at(25, 10), running=True, **asked)
    assert (stopped.action, stopped.until) == (Action.stop, at(25, 40))
    asked |= {"ended": at(25, 10), "result": CycleResult.stopped}
    assert decided(NIGHT, at(25, 39), **asked).action is Action.wait
    again = decided(NIGHT, at(25, 40), **asked)
    assert (again.action, again.why) == (
        Action.run,
        "the window is open: 2027-05-01 23:00 to 07:00; the last cycle is not finished",
    )


def test_a_window_that_closes_stops_a_cycle_and_the_next_goes_on():
    assert decided(NIGHT, at(31), running=True, started=at(23)).action is Action.stop
    stopped = {"started": at(23), "ended": at(31), "result": CycleResult.stopped}
    assert decided(NIGHT, at(32), **stopped).until == at(47)
    assert decided(NIGHT, at(47), **stopped).action is Action.run


def test_idle_counts_from_the_last_request_use_or_look():
    assert decided(IDLE, at(12), watched=at(11, 31)).until == at(12, 1)
    assert decided(IDLE, at(12), request=at(11, 31)).action is Action.wait
    assert decided(IDLE, at(12), request=at(11, 30)).action is Action.run
    assert decided(IDLE, at(12), request=at(9), used=at(11, 45)).until == at(12, 15)


def test_a_request_ends_an_idle_time_and_the_next_has_its_own_cycle():
    assert decided(IDLE, at(12), running=True, request=at(12)).action is Action.stop
    assert decided(IDLE, at(14), request=at(9), **done(at(10))).action is Action.ready
    assert decided(IDLE, at(14), request=at(13), **done(at(10))).action is Action.run


def test_the_kernels_two_windows_want_a_batch():
    assert decided(KERNEL, at(12), request=at(11, 50), scored=32).action is Action.wait
    assert decided(KERNEL, at(12), request=at(11), scored=31).action is Action.ready
    assert decided(KERNEL, at(12), request=at(11), scored=32).action is Action.run
    # At night requests do not matter.
    assert decided(KERNEL, at(23, 1), request=at(23), scored=32).action is Action.run


def test_a_batch_of_either_kind_is_reason_and_an_unknown_one_is_none():
    config = ScheduleConfig(batch=BatchConfig(passing=64, scored=32))
    assert decided(config, at(1), passing=64, scored=0).action is Action.run
    assert decided(config, at(1), passing=0, scored=32).action is Action.run
    found = decided(config, at(1), passing=63, scored=31)
    assert found.why == "at any time; 63 of 64 new attempts that passed; 31 of 32 new scores"
    assert decided(config, at(1)).action is Action.ready
    assert "are not known" in decided(config, at(1)).why


def test_every_twelve_hours_from_start_to_start():
    config = ScheduleConfig(every_hours=12)
    assert decided(config, at(3)).action is Action.run
    ran = done(at(0), at(4))
    assert decided(config, at(11, 59), **ran).until == at(12)
    assert decided(config, at(12), **ran).action is Action.run


def test_a_cycle_that_failed_is_tried_again_after_an_hour():
    failed = {"started": at(23), "ended": at(24), "result": CycleResult.failed}
    found = decided(NIGHT, at(24, 30), **failed)
    assert (found.action, found.until) == (Action.ready, at(25))
    assert decided(NIGHT, at(25), **failed).action is Action.run


def test_a_clock_that_was_set_back_makes_no_cycle_wait_for_years():
    config = ScheduleConfig(every_hours=12)
    future = DAY + timedelta(days=700)
    found = decided(config, at(0), **done(future))
    assert (found.action, found.until) == (Action.ready, at(12))
    found = decided(IDLE, at(0), request=future)
    assert (found.action, found.until) == (Action.wait, at(0, 30))


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", datetime(2027, 3, 27)),
        ("Europe/Berlin", datetime(2027, 10, 30)),
        ("America/New_York", datetime(2027, 11, 6)),
        ("Australia/Lord_Howe", datetime(2027, 10, 2)),
        ("Pacific/Apia", datetime(2011, 12, 28)),
    ],
)
def test_each_night_has_its_cycle_where_clocks_change(zone, day):
    zone = ZoneInfo(zone)
    noon = day.replace(hour=12, tzinfo=zone).astimezone(UTC)
    found = list(islice(ahead(NIGHT, noon, zone, replace(FACTS, watched=noon), timedelta()), 16))
    begun = [one.at.astimezone(zone) for one in found if one.action is Action.run]
    assert len(begun) >= 5
    assert [one.at for one in found] == sorted(one.at for one in found)
    # A date that does not exist has no evening: that night begins with the next date.
    assert {f"{one:%H:%M}" for one in begun} <= {"23:00", "00:00"}


def test_the_dry_run_stops_a_long_cycle_and_finishes_it_in_the_next_window():
    found = islice(ahead(NIGHT, at(12), UTC, FACTS, timedelta(hours=9)), 6)
    assert [(one.at, one.action.value) for one in found] == [
        (at(12), "wait"), (at(23), "run"), (at(31), "stop"), (at(31), "wait"), (at(47), "run"),
        (at(48), "ready"),
    ]  # fmt: skip


def test_the_dry_run_ends_where_nothing_follows_by_the_clock_alone():
    found = list(ahead(IDLE, at(12), UTC, replace(FACTS, request=at(11, 50)), timedelta()))
    assert [one.action.value for one in found] == ["wait", "run", "ready"]


def test_a_schedule_that_never_runs_is_refused():
    with pytest.raises(ConfigError, match="sets neither window, idle time, hours nor batch"):
        checked(ScheduleConfig())
