"""`forge schedule`: the project's settings, the dry run, and slips."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness_forge import cli
from harness_forge.collect.schedule import facts, state
from harness_forge.config.schedule import BatchConfig, IdleConfig, ScheduleConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig

NEXT = "schedule next --at=2027-03-27T12:00 schedule=night schedule.timezone=Europe/Berlin"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, command):
    code = cli.main(command.split())
    found = capsys.readouterr()
    return code, found.out, found.err


def test_the_next_decisions(capsys):
    assert said(capsys, f"{NEXT} --count=4 --takes=9") == (
        0,
        "time zone Europe/Berlin; if no request and no record comes, and a cycle takes 9.0 h:\n"
        "2027-03-27 12:00:00 CET  wait   the window is closed: 23:00 to 07:00, 7 hours as clocks"
        " change\n"
        "2027-03-27 23:00:00 CET  run    the window is open: 23:00 to 07:00, 7 hours as clocks"
        " change; there was no cycle yet\n"
        "2027-03-28 07:00:00 CEST stop   the window is closed: 23:00 to 07:00\n"
        "2027-03-28 07:00:00 CEST wait   the window is closed: 23:00 to 07:00\n",
        "",
    )


def test_the_next_decisions_as_json(capsys):
    _, out, _ = said(capsys, f"{NEXT} --count=2 --json")
    assert [(one["action"], one["until"]) for one in json.loads(out)] == [
        ("wait", "2027-03-27T22:00:00+00:00"),
        ("run", "2027-03-28T05:00:00+00:00"),
    ]


@pytest.mark.parametrize("name", ["night", "idle", "kernel", "every12h", "batch"])
def test_every_choice_runs_some_time(capsys, name):
    code, out, _ = said(capsys, f"schedule next schedule={name}")
    assert code == 0 and len(out.splitlines()) > 1


def test_settings_come_from_the_projects_params(capsys):
    Path("params.yaml").write_text("recipe: target_b\noverrides: [schedule=every12h]\n")
    assert "at any time" in said(capsys, "schedule next --count=1")[1]
    assert "23:00 to 07:00" in said(capsys, "schedule next --count=2 schedule=night")[1]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("schedule next --at=soon", "--at=soon: is no time\n  hint: such as 2027-03-27T12:00"),
        ("schedule next --count=0", "--count=0: must be a number of 1 to 10000"),
        ("schedule next --takes=-1", "--takes=-1: must be hours, of 0 to 10000"),
        ("schedule status --takes=1", "--takes is for `forge schedule next`"),
        ("schedule next --once", "unknown flag '--once'"),
        ("schedule next twice", "'twice' is too much"),
        ("schedule run", "dvc.yaml: is not in this folder"),
        ("schedule run schedule.command=[nonsuch]", "there is no program 'nonsuch'"),
        ("schedule next schedule.timezone=Europe/Berlim", "did you mean 'Europe/Berlin'?"),
        ("schedule run schedule.every_hours=-1", "must be 0 or more, not -1"),
    ],
)
def test_slips_are_one_error(capsys, command, fault):
    code, _, err = said(capsys, command)
    assert code == 2 and err.startswith("forge: ") and fault in err


def test_a_status_before_and_after_damage(capsys):
    assert said(capsys, "schedule status") == (0, "no supervisor runs\nno cycle yet\n", "")
    file = state.place(ForgeConfig())
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert "state.json: is not as forge writes it\n  hint: " in said(capsys, "schedule status")[2]


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="it would write units")
def test_without_systemd_a_crontab_line_is_printed(capsys):
    code, out, _ = said(capsys, "schedule install schedule=night")
    assert code == 0 and out.startswith("*/5 * * * * cd ") and "--once schedule=night" in out
    assert "--enable is for systemd" in said(capsys, "schedule install --enable")[2]
    assert said(capsys, "schedule remove schedule=night")[1] == out


def ingested(store, folder, passes):
    """Bring in an attempt for each outcome."""
    lines = [
        {"task": str(n), "reward": value, "chat": [
            {"role": "user", "content": f"Which lamp is number {n}?"},
            {"role": "assistant", "content": f"The lamp of room {n}."},
        ]} for n, value in enumerate(passes)
    ]  # fmt: skip
    (folder / "runs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    mapping = {"item": "task", "messages": "chat", "outcome": "reward"}
    words = [f"source.mapping.{key}={{{name}}}" for key, name in mapping.items()]
    words += ["source.path=runs.jsonl", "source=trajectories", "skill=recorded", "skill.name=lamps"]
    assert cli.main(["ingest", *words, f"store.url='{store.url}'", f"forge_home={folder}"]) == 0


def test_attempts_that_passed_since_the_last_cycle_are_counted(store, folder):
    config = ForgeConfig(
        forge_home=str(folder),
        skill=SkillConfig(name="lamps"),
        schedule=ScheduleConfig(batch=BatchConfig(passing=3)),
        store=StoreConfig(url=store.url),
    )
    now = datetime.now(UTC)
    assert facts.Watch(config, state.ScheduleState(), print).facts(now).passing == 0
    ingested(store, folder, [1, 1, 0, 1, 0])
    watch = facts.Watch(config, state.ScheduleState(), print)
    assert watch.facts(now).passing == 3
    later = state.ScheduleState(marks=watch.marks)
    assert facts.Watch(config, later, print).facts(now).passing == 0


def test_a_store_that_is_down_is_told_and_no_reason_for_a_cycle(folder):
    config = ForgeConfig(
        forge_home=str(folder),
        schedule=ScheduleConfig(batch=BatchConfig(passing=3)),
        store=StoreConfig(url="postgresql://127.0.0.1:1/none"),
    )
    told = []
    watch = facts.Watch(config, state.ScheduleState(marks={"lamps": 7}), told.append)
    assert watch.facts(datetime.now(UTC)).passing is None
    assert told[0].startswith("records are not known: postgresql://127.0.0.1:1/none: nothing answ")
    assert watch.marks == {"lamps": 7}


def test_the_last_request_is_seen_in_a_proxys_spool(folder):
    schedule = ScheduleConfig(idle=IdleConfig(30))
    config = ForgeConfig(forge_home=str(folder), schedule=schedule)
    watch = facts.Watch(config, state.ScheduleState(), print)
    now = datetime.now(UTC)
    assert watch.facts(now).request is None
    spool = folder / "proxy/30000/spool/00000001.spool"
    spool.parent.mkdir(parents=True)
    spool.touch()
    assert watch.facts(now).request is None  # a proxy that was started, and asked nothing
    spool.write_text("asked")
    asked = watch.facts(now).request
    assert abs((asked - now).total_seconds()) < 30
    shutil.rmtree(spool.parent)  # stored
    assert watch.facts(now).request == asked
