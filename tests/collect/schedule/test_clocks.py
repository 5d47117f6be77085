"""Windows as instants, on days when clocks change; time zones that are none."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from harness_forge.collect.schedule import clock
from harness_forge.config.schedule import ScheduleConfig, WindowConfig, zone_fault
from harness_forge.core.errors import ConfigError

NIGHT = WindowConfig("23:00", "07:00")


def hours(zone, day, config=NIGHT):
    """Return how long the window is that opens on this day, and the time after it on a clock."""
    zone = ZoneInfo(zone)
    at = clock.instant(date.fromisoformat(day), time(22, 0), zone)
    found = clock.window(config, at, zone)
    return (found.closes - found.opens).total_seconds() / 3600


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2027-03-26", 8),
        ("Europe/Berlin", "2027-03-27", 7),  # forward at 02:00
        ("Europe/Berlin", "2027-10-30", 9),  # back at 03:00
        ("America/New_York", "2027-03-13", 7),
        ("America/New_York", "2027-11-06", 9),
        ("Australia/Lord_Howe", "2027-04-03", 8.5),  # by half an hour
        ("America/Santiago", "2026-09-05", 7),  # at midnight
        ("Asia/Tokyo", "2027-03-27", 8),
        ("UTC", "2027-03-27", 8),
    ],
)
def test_a_night_on_the_days_when_clocks_change(zone, day, length):
    assert hours(zone, day) == length


def test_a_time_that_a_clock_skips_is_the_first_after_it():
    berlin = ZoneInfo("Europe/Berlin")
    found = clock.instant(date(2027, 3, 28), time(2, 30), berlin)
    assert found == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert found.astimezone(berlin).time() == time(3, 0)


def test_a_midnight_that_does_not_exist():
    santiago = ZoneInfo("America/Santiago")
    found = clock.instant(date(2026, 9, 6), time(0, 0), santiago)
    assert found.astimezone(santiago).time() == time(1, 0)


def test_a_time_that_comes_twice_is_the_first_of_both():
    found = clock.instant(date(2027, 10, 31), time(2, 30), ZoneInfo("Europe/Berlin"))
    assert found == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_window_that_is_skipped_as_a_whole_opens_on_the_next_day():
    berlin = ZoneInfo("Europe/Berlin")
    noon = datetime(2027, 3, 27, 11, tzinfo=UTC)
    found = clock.window(WindowConfig("02:10", "02:40"), noon, berlin)
    assert found.opens.astimezone(berlin).replace(tzinfo=None) == datetime(2027, 3, 29, 2, 10)


def test_a_date_that_does_not_exist():
    apia = ZoneInfo("Pacific/Apia")  # went from 29 to 31 December 2011
    found = clock.instant(date(2011, 12, 30), time(12, 0), apia)
    assert found.astimezone(apia).replace(tzinfo=None) == datetime(2011, 12, 31)


def test_a_window_over_midnight_is_still_that_of_yesterday():
    found = clock.window(NIGHT, datetime(2027, 5, 2, 3, tzinfo=UTC), UTC)
    assert found.opens == datetime(2027, 5, 1, 23, tzinfo=UTC)
    assert clock.window(NIGHT, found.closes, UTC).opens == datetime(2027, 5, 2, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["Europe/Berlim", "../etc/passwd", "Europe", "/etc/localtime", "\0"]
)
def test_a_wrong_name_of_a_time_zone_is_one_error(name):
    what, _ = zone_fault(name)
    assert what == f"{name!r} is no time zone"
    with pytest.raises(ConfigError, match="is no time zone"):
        clock.zone_of(name)


def test_the_nearest_name_is_offered():
    assert zone_fault("Europe/Berlim")[1].startswith("did you mean 'Europe/Berlin'?")


def test_this_machines_own_zone(tmp_path):
    assert clock.zone_of("", {"TZ": ":Asia/Tokyo"}).key == "Asia/Tokyo"
    with pytest.raises(ConfigError, match=r"^TZ: 'Nowhere' is no time zone"):
        clock.zone_of("", {"TZ": "Nowhere"})
    assert clock.zone_of("", {}, tmp_path / "missing") is UTC
    (tmp_path / "broken").write_text("no zone")
    with pytest.raises(ConfigError, match="broken: is no time zone"):
        clock.zone_of("", {}, tmp_path / "broken")


@pytest.mark.parametrize(
    ("start", "end", "fault"),
    [
        ("24:00", "07:00", "'24:00' is no time of day"),
        ("1380", "07:00", "'1380' is no time of day"),
        ("23:00", "", "has one end only"),
        ("23:00", "23:00", "opens and closes at 23:00"),
    ],
)
def test_a_window_that_is_none(start, end, fault):
    with pytest.raises(ConfigError, match=fault):
        WindowConfig(start, end)


def test_a_schedule_without_a_command():
    with pytest.raises(ConfigError, match=r"schedule\.command: is empty"):
        ScheduleConfig(command=[])


def reading(wall, awake, passed):
    return clock.ClockReading(datetime.fromtimestamp(wall, UTC), awake, passed)


def test_a_laptop_that_slept():
    found = reading(4600, 60, 3660).since(reading(1000, 50, 60))
    assert (found.slept, found.stood, found.set_by) == (3590, 10, 0)


def test_a_clock_that_was_set_back():
    found = reading(1000, 60, 70).since(reading(4600, 50, 60))
    assert (found.slept, found.stood, found.set_by) == (0, 10, -3610)
