"""PostgreSQL servers that are installed on this machine, beside the one that forge brings."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from harness_forge.cli import main

_PLACES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), shutil.which("initdb")]
FOUND = list(dict.fromkeys(Path(place).resolve() for place in _PLACES if place))
USERS = {user.pw_name for user in pwd.getpwall()}


@pytest.fixture(scope="module", params=FOUND or [None], ids=lambda path: path and path.parts[-3])
def url(request):
    """The URL of a database on such a server, owned by a role that may nothing else."""
    if request.param is None:
        pytest.skip("no PostgreSQL server is installed here")
    # The server refuses to run as root, and that user cannot enter pytest's folders.
    user = ("postgres" if "postgres" in USERS else "nobody") if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="forge-pg-"))
    try:
        if user:
            shutil.chown(folder, user)
        yield from _served(request.param.parent, folder, user)
    finally:
        shutil.rmtree(folder)


def _served(programs, folder, user):
    def run(name, *words):
        with (folder / "said").open("ab") as said:
            subprocess.run(
                [programs / name, "-D", folder / "data", *words],
                check=True,
                stdout=said,
                stderr=said,
                user=user,
                cwd=folder,
            )

    run("initdb", "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        owner = f"postgresql://owner@/postgres?host={folder}"
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("CREATE ROLE plain LOGIN")
            connection.execute("CREATE DATABASE records OWNER plain")
        yield f"postgresql://plain@/records?host={folder}"
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")


@pytest.fixture
def forge(url, tmp_path, capsys):
    def run(*words):
        homes = [f"data_dir={tmp_path / 'data'}", f"forge_home={tmp_path / 'home'}"]
        code = main([*words, f"store.url='{url}'", *homes])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_records_go_in_and_a_dataset_comes_out(forge, tmp_path):
    code, said = forge("store", "upgrade", "skill=tau_bench")
    assert (code, said[:23]) == (0, "tau_bench: 0001_tables,"), said
    path = tmp_path / "taken.json"
    path.write_text(json.dumps([_record(n, t) for n in range(30) for t in range(2)]))
    code, said = forge("ingest", "source=tau_bench", f"path={path}")
    assert code == 0, said
    assert "skill tau_bench: 60 attempts added" in said
    assert "0 attempts added" in forge("ingest", "source=tau_bench", f"path={path}")[1]
    code, said = forge("export", "role=agent", "skill=tau_bench")
    assert code == 0, said
    folder = tmp_path / "data" / "tau_bench_agent_sft"
    (first, *_) = (folder / "train.jsonl").read_text().splitlines()
    asked = json.loads(first)["messages"][1]["content"]
    assert asked == "Bring crate é to the quay."
    code, said = forge("store", "status")
    assert code == 0
    assert "(up to date)" in said
    assert not (tmp_path / "home" / "pg").exists()


def _record(task, trial):
    return {
        "task_id": task,
        "trial": trial,
        "reward": float((task + trial) % 2),
        "info": {"task": {"actions": [], "outputs": []}},
        "traj": [
            {"role": "system", "content": "You move crates."},
            {"role": "user", "content": "Bring crate \u00e9 to the quay."},
            {"role": "assistant", "content": f"Crate {task} lies there, said {trial} times."},
            {"role": "user", "content": "###STOP###"},
        ],
    }
