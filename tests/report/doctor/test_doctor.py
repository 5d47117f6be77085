"""`forge doctor`: a line a check, a remedy for what fails."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta

import documented
import pytest

from harness_forge.cli import main
from harness_forge.cli.doctor import EXAMPLES
from harness_forge.cli.health import ALERTS
from harness_forge.registry import decisions
from harness_forge.report.doctor import machine, network
from harness_forge.worksets.worksets import STAMP

MINE = ("skill=recorded", "skill.name=mine", "serve.port=0", "proxy.port=0",
        "health.disk.free_gb=0", "health.disk.free_percent=0")  # fmt: skip


@pytest.fixture
def doctor(tmp_path, capsys):
    """Run `forge doctor --json`; returns its exit code and its checks by group and name."""

    def run(*words):
        home = [f"forge_home={tmp_path}", f"data_dir={tmp_path}"]
        code = main(["doctor", "--json", *home, *MINE, *words])
        found = json.loads(capsys.readouterr().out)
        assert found["healthy"] == (code == 0)
        return code, {(one["group"], one["name"]): one for one in found["checks"]}

    return run


def test_a_bare_machine_with_foreign_records_can_run(doctor):
    code, found = doctor()
    assert code == 0
    assert found["store", "server"]["remedy"] == "forge run or forge ingest makes one"
    assert found["worksets", "train"]["verdict"] == "note"
    assert found["skill", "mine"]["said"] == "needs nothing that forge sets up"
    assert found["air gap", "config"]["verdict"] == "ok"


def test_what_the_recipe_of_a_project_trains_with_must_be_there(doctor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("recipe: demo\n")
    code, found = doctor()
    assert code == ALERTS
    failed = {key: one["remedy"] for key, one in found.items() if one["verdict"] == "fail"}
    assert failed == {
        ("model", "smollm2-135m"): "run `forge model fetch smollm2-135m`",
        ("worksets", "train"): "forge workset install train",
    }
    # `dvc repro` evaluates too.
    (tmp_path / "dvc.yaml").touch()
    assert doctor()[1]["worksets", "eval"]["verdict"] == "fail"


def test_a_workset_that_this_python_cannot_have_says_so(doctor):
    found = doctor("worksets.train.python='<3.11'")[1]["worksets", "train"]
    assert "; it needs Python <3.11, this is 3." in found["said"]
    assert found["remedy"].startswith("put forge into an environment of such a Python: ")
    assert found["verdict"] == "note"


def test_what_fails_has_a_remedy(doctor, tmp_path):
    (tmp_path / "worksets" / "train").mkdir(parents=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, found = doctor(
            f"proxy.port={port}", "store.url='postgresql://forge:secret@127.0.0.1:1/x'"
        )
    failed = {key: one for key, one in found.items() if one["verdict"] == "fail"}
    assert code == ALERTS
    assert failed.keys() == {("store", "server"), ("worksets", "train"), ("ports", "proxy.port")}
    assert all(one["remedy"] for one in failed.values())
    assert "secret" not in str(found)
    assert failed["worksets", "train"]["remedy"] == "run `forge workset install train`: it goes on"


def test_a_workset_whose_lock_has_changed(doctor, tmp_path):
    place = tmp_path / "worksets" / "gguf"
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").touch()
    (place / STAMP).write_text('{"variant": "cpu", "digest": "of another lock"}')
    code, found = doctor()
    assert code == ALERTS
    assert "its lock has changed" in found["worksets", "gguf"]["said"]


def test_a_skill_of_another_step_is_named(store, doctor):
    store.upgrade("lamps")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lamps.alembic_version SET version_num = '0002_views'")
    code, found = doctor(f"store.url='{store.url}'")
    assert code == ALERTS
    assert found["store", "lamps"]["remedy"] == "forge store upgrade"


def test_a_ledger_that_was_changed(doctor, tmp_path):
    with decisions.opened(tmp_path) as book:
        book.append({"kind": "decision", "time": "2026-01-01T00:00:00+00:00"})
    place = decisions.path(tmp_path)
    place.write_text(place.read_text().replace("2026", "2025"))
    code, found = doctor()
    assert code == ALERTS
    assert found["ledgers", "decisions"]["remedy"] == "put the ledger back from a copy"


def test_a_clock_that_is_behind_what_was_written(doctor, tmp_path):
    ahead = datetime.now(UTC) + timedelta(days=2)
    with decisions.opened(tmp_path) as book:
        book.append({
            "kind": "decision", "decision": "rejected", "candidate": {"name": "a", "digest": "b"},
            "time": ahead.isoformat(timespec="seconds"),
        })  # fmt: skip
    code, found = doctor()
    assert code == ALERTS
    assert f"the last decision is of {ahead:%Y-%m-%d %H:%M}" in found["clock", "time"]["said"]


def test_a_clock_that_agrees():
    now = datetime.now(UTC)
    found = list(machine.clock({"a": now + timedelta(minutes=4)}, now))
    assert found[0].verdict == "ok"


def test_addresses_elsewhere_are_noted(doctor, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://p.example:3128")
    code, found = doctor("judge.endpoint=http://judge.example:11434/v1", "proxy.host=0.0.0.0")
    assert code == 0
    assert found["air gap", "judge.endpoint"]["said"] == "judge.example is not this machine"
    assert found["air gap", "proxy.host"]["remedy"] == "proxy.host=127.0.0.1"
    assert found["air gap", "HTTPS_PROXY"]["verdict"] == "note"
    assert ("air gap", "config") not in found


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://u:p@db.example:5432/x", "db.example"),
        ("postgresql://u@/x?host=/run", ""),
        ("bolt://[::1]:7687", "[::1]"),
        ("none", ""),
        (None, ""),
    ],
)
def test_the_host_of_an_address(url, host):
    assert network._host(url) == host


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    from harness_forge.config.health import DiskConfig

    found = list(machine.disk([tmp_path / "shut" / "x"], DiskConfig(0, 0)))
    assert found[-1].verdict == "fail"


def test_a_disk_with_too_little_room(doctor):
    code, found = doctor("health.disk.free_gb=1e9")
    assert code == ALERTS
    assert any(one["verdict"] == "fail" for key, one in found.items() if key[0] == "disk")


def test_a_word_too_many(capsys):
    assert main(["doctor", "worksets"]) == 2
    assert "'worksets' is too much" in capsys.readouterr().err


PAGE = (documented.ROOT / "docs" / "health.md").read_text()
SHOWN = {one for one in [*documented._of_page(PAGE), *EXAMPLES] if one.startswith("forge doctor")}


@pytest.mark.parametrize("command", sorted(SHOWN))
def test_a_command_of_the_page_runs(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = main([*documented.shell_words(command)[1:], *MINE[2:]])
    said = capsys.readouterr().out
    # The default skill needs a scanner, which a bare folder lacks.
    assert code == (0 if "skill=recorded" in command else ALERTS)
    assert "machine" in said
    assert ("remedy: forge workset install train" in said) == ("--json" not in command)
