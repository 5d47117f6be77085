import json
import subprocess
import sys
from pathlib import Path

import pytest
from foreign_files import conversation


def large(path, megabytes, records):
    """Write a file of about so many megabytes, most of them in the first message of a record."""
    record = conversation(0, 0)
    size = (megabytes << 20) // records - len(json.dumps(record))
    with path.open("w") as file:
        for number in range(records):
            whole = conversation(number % 500, number // 500)
            whole["traj"][0]["content"] = "y" * size
            file.write(json.dumps(whole) + "\n")
    return path


def taken(store, path):
    """Return what was added, and the megabytes it took at most."""
    command = [sys.executable, Path(__file__).with_name("ingest_large.py"), store.url, path]
    command += ["tau_bench", "tau_bench"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return map(int, run.stdout.split())


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "megabytes",
    [20, *(pytest.param(size, marks=pytest.mark.soak) for size in (200, 500))],
    ids="{}MB".format,
)
def test_memory_does_not_grow_with_the_file(store, skill, tmp_path, megabytes):
    records = megabytes * 50 if megabytes < 500 else megabytes
    path = large(tmp_path / "model-air.json", megabytes, records)
    added, _, peak = taken(store, path)
    assert added == records
    assert peak < 220
