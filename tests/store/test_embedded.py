"""The embedded server: shared, stopped by the last, and unharmed by kills."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from harness_forge.core.errors import StoreError
from harness_forge.store.database import open_store

CHILD = """
import sys, time
from pathlib import Path
from harness_forge.store.database import open_store
store = open_store(None, Path(sys.argv[1]))
store.upgrade("stig")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with a store in it, whose server is stopped."""
    home = tmp_path_factory.mktemp("made")
    open_store(None, home).close()
    return home


@pytest.fixture
def home(made, tmp_path):
    """A copy of it: much quicker to make than a new one."""
    shutil.copytree(made, tmp_path / "home")
    own_alike(made / "pg", tmp_path / "home" / "pg")
    return tmp_path / "home"


@pytest.fixture
def other(home):
    """Another forge process with the store of `home` open."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "open\n"
    yield child
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    open_store(None, home).close()  # the last to leave stops what a kill left


def postmaster(home: Path) -> int:
    return int((home / "pg" / "postmaster.pid").read_text().split()[0])


def running(home: Path) -> bool:
    return (home / "pg" / "postmaster.pid").exists()


def own_alike(model: Path, data: Path) -> None:
    """Give a data folder to the user that `model` belongs to."""
    owner = model.stat()
    for path in [data, *data.rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)


def ignore_sockets(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if Path(folder, name).is_socket()}


def gone(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_data_outlives_the_server(home):
    with open_store(None, home) as store:
        store.upgrade("stig")
    assert not running(home)
    with open_store(None, home) as store:
        assert store.skills() == ["stig"]


def test_two_processes_share_a_server_and_the_last_stops_it(home, other):
    pid = postmaster(home)
    with open_store(None, home) as store:
        other.communicate("")
        assert other.returncode == 0
        assert postmaster(home) == pid
        assert store.skills() == ["stig"]
    assert not running(home)


def test_leaving_does_not_stop_the_server_of_others(home, other):
    open_store(None, home).close()
    assert running(home)


def test_a_killed_process_leaves_the_store_usable(home, other):
    other.kill()
    other.wait()
    with open_store(None, home) as store:
        assert store.skills() == ["stig"]
    assert not running(home)


def test_a_killed_server_is_started_again(home, other):
    pid = postmaster(home)
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    with open_store(None, home) as store:
        assert store.skills() == ["stig"]


def test_a_pid_that_now_is_another_process_does_not_stand_for_a_server(home):
    data = home / "pg"
    (data / "postmaster.pid").write_text(f"{os.getppid()}\n{data}\n0\n5432\n{data}\n\n0 0\nready\n")
    own_alike(data, data)
    with open_store(None, home) as store:
        assert store.skills() == []


def test_a_copy_of_a_home_has_a_server_of_its_own(home):
    with open_store(None, home) as first:
        first.upgrade("stig")
        shutil.copytree(home, home.with_name("copy"), ignore=ignore_sockets)
        own_alike(home / "pg", home.with_name("copy") / "pg")
        with open_store(None, home.with_name("copy")) as copy:
            assert str(home.with_name("copy")) in copy.url
            assert copy.upgrade("ubuntu")
        assert first.skills() == ["stig"]


def test_the_pid_of_another_server_is_not_stopped(home, store_server):
    open_store(None, home).close()
    theirs = (store_server._server.data / "postmaster.pid").read_text().splitlines()
    data = home / "pg"
    mine = [theirs[0], str(data), *theirs[2:4], str(data), *theirs[5:]]
    (data / "postmaster.pid").write_text("\n".join(mine) + "\n")
    own_alike(data, data)
    open_store(None, home).close()
    assert store_server.skills() == []


def test_a_home_may_be_moved_while_its_server_runs(home):
    open_store(None, home).close(keep=True)
    pid = postmaster(home)
    home.rename(home.with_name("new"))
    with open_store(None, home.with_name("new")) as store:
        assert store.skills() == []
        assert postmaster(home.with_name("new")) == pid
    assert gone(pid)


def test_a_half_written_pid_file_does_not_stop_the_store(home):
    (home / "pg" / "postmaster.pid").write_text("")
    own_alike(home / "pg", home / "pg")
    with open_store(None, home) as store:
        assert store.skills() == []


def test_keep_leaves_the_server_running_until_the_next_one_leaves(home):
    open_store(None, home).close(keep=True)
    assert running(home)
    open_store(None, home).close()
    assert not running(home)


def test_a_server_that_somebody_is_connected_to_stays_up(home):
    store = open_store(None, home)
    with psycopg.connect(store.url):
        store.close()
        assert running(home)
    pid = postmaster(home)
    time.sleep(0.5)  # the visitor's server process takes a moment to end
    open_store(None, home).close()
    assert gone(pid)


def test_works_below_a_path_too_long_for_a_socket(tmp_path):
    deep = tmp_path.joinpath(*["a folder with a long name, and a comma"] * 4)
    with open_store(None, deep) as store:
        assert str(deep) not in store.url
        assert store.skills() == []


def test_environment_variables_of_libpq_do_not_lead_elsewhere(tmp_path, monkeypatch):
    for name, value in {"PGPORT": "6000", "PGDATA": "/nowhere", "PGHOST": "nowhere"}.items():
        monkeypatch.setenv(name, value)
    with open_store(None, tmp_path) as store:
        assert store.skills() == []


def test_an_interrupted_first_start_is_made_anew(tmp_path):
    (tmp_path / "pg.new").mkdir()
    (tmp_path / "pg.new" / "PG_VERSION").write_text("18\n")
    with open_store(None, tmp_path) as store:
        assert store.skills() == []


def test_a_home_that_is_a_file_is_told(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError) as told:
        open_store(None, tmp_path / "home")
    assert str(told.value) == (
        f"{tmp_path / 'home'}: cannot hold the store: file exists\n"
        "  hint: set forge_home to a folder that you may write to, or store.url to a server"
    )


def test_data_of_another_version_is_told(home):
    (home / "pg" / "PG_VERSION").write_text("12\n")
    with pytest.raises(StoreError, match="was made by PostgreSQL 12"):
        open_store(None, home)


def test_a_server_that_does_not_start_gives_its_reason(home):
    with (home / "pg" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(StoreError, match=r"does not start: .*\n  hint: see .*/pg/log"):
        open_store(None, home)
