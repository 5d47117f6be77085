"""The loop where no route leads anywhere: every command works, and names no foreign address."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def traced():
    """Skip where no namespace can be made, or nothing can be traced."""
    if os.geteuid() or not all(map(shutil.which, ("strace", "unshare", "ip"))):
        pytest.skip("takes root, strace, unshare and ip")
    alone = ["unshare", "--net", "strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "true"]
    if subprocess.run(alone, capture_output=True).returncode:
        pytest.skip("no network namespace can be made and traced here")


def run(folder, *steps):
    command = [sys.executable, str(BENCH / "sockets.py"), str(folder), *steps]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout)
    return done


def test_records_become_a_dataset_without_a_route(traced, tmp_path):
    done = run(tmp_path, "ingest", "export records")
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line.partition(",")[0] for line in said] == ["ingest: code 0", "export records: code 0"]
    assert "bind unix PROJECT/.forge/pg/" in done.stdout  # the store was traced too


@pytest.mark.soak
@pytest.mark.workset
@pytest.mark.timeout(7200)
def test_the_whole_loop_without_a_route(traced, tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
