"""Traffic of months, taken in with memory that does not grow, and killed on the way.

    pytest -m soak -s tests/collect/ingest/test_large_traffic.py

It needs 20 GB of disk and about half an hour on two cores.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from traffic import REQUESTS, write

INGEST = [sys.executable, str(Path(__file__).with_name("ingest_large.py"))]
SOURCE = ["openai_traffic", "recorded"]
MOST_MB = 220


@pytest.fixture
def traffic(tmp_path):
    """Make a file of traffic; it is gone after the test, as it may be large."""
    path = tmp_path / "traffic.jsonl"
    yield lambda megabytes: (path, write(path, megabytes))
    path.unlink()


@pytest.fixture
def ask(store):
    """Answer queries on one connection, as a machine that is slept on opens no new one in time."""
    store.upgrade("recorded")
    with store.skill("recorded").connect_read_only() as connection:
        connection.autocommit = True
        yield lambda text: connection.execute(text).fetchall()


def killed(command, ask, beyond: int) -> int:
    """Run a command, kill it when attempts beyond a number are there, and return how many are."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while ask("SELECT coalesce(max(id), 0) FROM attempts")[0][0] < beyond:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.1)
    finally:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    return ask("SELECT count(*) FROM attempts")[0][0]


@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize(
    "megabytes",
    [30, *(pytest.param(size, marks=pytest.mark.soak) for size in (500, 5000))],
    ids="{}MB".format,
)
def test_killed_traffic_is_taken_in_whole_with_the_same_memory(store, ask, traffic, megabytes):
    path, told = traffic(megabytes)
    command = [*INGEST, store.url, str(path), *SOURCE]
    before = killed(command, ask, told.answered // 3)
    begun = time.monotonic()
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    added, reading, peak = map(int, run.stdout.split())
    print(
        f"\n{path.stat().st_size >> 20} MiB, {told}: {before} before the kill, {added} after it in"
        f" {time.monotonic() - begun:.0f} s; {reading} MB while reading, {peak} MB with splits"
    )
    assert before + added == told.answered
    assert ask("SELECT count(*), count(DISTINCT (run_id, item_id, attempt_num)) FROM attempts") == [
        (told.answered, told.answered)
    ]
    assert ask("SELECT count(*), count(DISTINCT attempt_id) FROM turns WHERE decisive") == [
        (told.answered, told.answered)
    ]
    items, fullest = ask(
        "SELECT count(*), max(n) FROM (SELECT count(*) n FROM attempts GROUP BY item_id) each"
    )[0]
    assert (items, fullest) == (told.conversations, REQUESTS)
    note = ask("SELECT value FROM skill_settings WHERE key LIKE 'ingest/%'")[0][0]
    assert note["left_out"] == {"error_response": told.faulty} | (
        {"not_json": told.torn} if told.torn else {}
    )
    assert peak < MOST_MB
