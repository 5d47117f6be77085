"""What nights came to, a line each: kept short, and readable whatever happened."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from harness_forge import cli
from harness_forge.collect.schedule import cycle, history, units
from harness_forge.collect.schedule.decision import CycleResult
from harness_forge.collect.schedule.state import Cycle
from harness_forge.collect.schedule.supervisor import Supervisor
from harness_forge.config.schedule import ScheduleConfig
from harness_forge.config.schema import ForgeConfig

EVENING = datetime(2027, 3, 27, 22, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def ended(number=1, hours=0.0, result=CycleResult.done, said="24 rows exported"):
    at = EVENING + timedelta(hours=hours)
    return Cycle(number, at, ended=at + timedelta(minutes=5), result=result, said=said)


def lines(folder):
    return [one.line for one in history.nights(history.read(folder)[0], BERLIN)]


def test_a_night_is_one_line_over_midnight(tmp_path):
    failed = CycleResult.failed
    history.add(tmp_path, ended(1, 0, failed, "code 9 in stage export: the disk is full"))
    history.add(tmp_path, ended(2, 1, failed, "killed by SIGKILL in stage replay"))
    history.add(tmp_path, ended(3, 3))
    history.add(tmp_path, ended(4, 24))
    assert lines(tmp_path) == [
        "2027-03-27  done    24 rows exported; before that 2 failed, last: killed by SIGKILL in "
        "stage replay",
        "2027-03-28  done    24 rows exported",
    ]


def test_a_start_that_is_stopped_later_does_not_hide_the_decision(tmp_path):
    stopped = CycleResult.stopped
    history.add(tmp_path, ended(1, 0, CycleResult.failed, "the disk is full"))
    history.add(tmp_path, ended(2, 1, said="decision promoted"))
    history.add(tmp_path, ended(3, 2, stopped, "the window is closed"))
    assert lines(tmp_path) == [
        "2027-03-27  done    decision promoted; before that 1 failed, last: the disk is full; "
        "after that 1 stopped, last: the window is closed"
    ]


def test_a_clock_that_was_set_back_begins_another_night(tmp_path):
    for number, hours in ((1, 24), (2, 0), (3, 24)):
        history.add(tmp_path, ended(number, hours))
    assert [line[:10] for line in lines(tmp_path)] == ["2027-03-28", "2027-03-27", "2027-03-28"]


def test_only_the_newest_lines_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "KEPT", 20)
    for number in range(1, 60):
        history.add(tmp_path, ended(number))
        assert len(history.place(tmp_path).read_text().splitlines()) <= 22
    assert history.last_number(tmp_path) == 59


def test_lines_that_are_none_are_counted_and_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".forge/schedule"
    assert cli.main(["schedule", "log"]) == 0
    assert capsys.readouterr().out == "no cycle has ended yet\n"
    history.add(folder, ended())
    whole = history.place(folder).read_text()
    for text in ('{"number": 2', "[]", '"\\ud800"', "7", whole.replace("2027", "2x27").strip()):
        with history.place(folder).open("a") as file:
            file.write(text + "\n")
    assert cli.main(["schedule", "log", "schedule.timezone=UTC"]) == 0
    found = capsys.readouterr()
    assert found.out == "2027-03-27  done    24 rows exported\n"
    assert "5 lines of " in found.err
    assert cli.main(["schedule", "log", "--json", "--count=1"]) == 0
    (night,) = json.loads(capsys.readouterr().out)
    assert night["day"] == "2027-03-27" and night["entries"][0]["number"] == 1


@pytest.mark.parametrize("words", ["--count=0", "--count=x", "--takes=2", "--once", "more"])
def test_slips(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["schedule", "log", words]) == 2
    assert words.partition("=")[0] in capsys.readouterr().err


def config(home, script):
    command = ["python", "-c", script]
    settings = ScheduleConfig(every_hours=12, command=command)
    return ForgeConfig(forge_home=str(home), schedule=settings)


def test_a_killed_cycle_says_what_killed_it_and_numbers_go_on_after_damage(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = config(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert Supervisor(made, lambda text: None, once=True).run() == 1
    (tmp_path / "schedule/state.json").write_text('{"state": ')
    assert Supervisor(made, lambda text: None, once=True).run() == 1
    found, _ = history.read(tmp_path / "schedule")
    assert [(one.number, one.said) for one in found] == [
        (1, "killed by SIGKILL"),
        (2, "killed by SIGKILL"),
    ]


def test_logs_of_a_clock_that_was_ahead_go_first(tmp_path):
    """Their dates are later than those of the cycles that followed."""
    for number in range(1, 60):
        year = 2031 if number < 30 else 2027
        (tmp_path / f"{year}0101-000000-{number}-001.log").touch()
    new = tmp_path / "20270301-000000-60-001.log"
    cycle.start(["python", "-c", ""], new).wait(60)
    kept = sorted(int(log.name.split("-")[2]) for log in tmp_path.glob("*.log"))
    assert kept == list(range(11, 61))
    assert cycle.last_number(tmp_path) == 60


def test_what_a_crontab_collects_is_cut_in_place(tmp_path):
    file = tmp_path / units.CRON_LOG
    with file.open("a") as cron:
        cron.write("".join(f"look {number:06}\n" for number in range(200)))
        cron.flush()
        history.trim(file, most=400)
        cron.write("look 000200\n")
    assert file.read_text().splitlines() == [f"look {number:06}" for number in range(192, 201)]
    history.trim(file, most=400)
    history.trim(tmp_path / "none", most=400)
    assert len(file.read_text().splitlines()) == 9
