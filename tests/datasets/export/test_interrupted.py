"""Exports that are killed, cut off or run twice at once: never a half file that looks whole."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from harness_forge.core.errors import ExportError, StoreError
from harness_forge.datasets.formats import folder

_CHILD = """
import pickle, sys
from pathlib import Path
from harness_forge.datasets.export import export
from harness_forge.datasets.request import ExportPart, ExportRequest
from harness_forge.store.database import open_store
url, data_dir, recipe = pickle.load(sys.stdin.buffer)
with open_store(url, Path(data_dir)) as store:
    request = ExportRequest(Path(data_dir), recipe.name, "stig", "worker", "sft")
    export([ExportPart(store.skill("stig"), "worker", recipe)], request)
"""


@pytest.fixture
def slow(harness, sft):
    """A recipe that takes 0.2 s a row, over 15 rows."""
    for number in range(15):
        harness.attempt(harness.item("rule_a"), f"echo {number}")
    return replace(sft, require={"slow": "pg_sleep(0.2) IS NOT NULL"}, order_by="turn_id")


@pytest.fixture
def child(harness, store, slow):
    """Another process that is in the middle of the slow export."""
    process = subprocess.Popen([sys.executable, "-c", _CHILD], stdin=subprocess.PIPE)
    pickle.dump((store.url, str(harness.data_dir), slow), process.stdin)
    process.stdin.close()
    wait_for(lambda: list(harness.data_dir.glob(".*.partial")))
    yield process
    process.kill()
    process.wait()


def _armed(monkeypatch, owner, call, replacement):
    """DatasetFolder's claim, with one call replaced from its start on."""
    claim = folder.DatasetFolder._claim

    def armed(self):
        monkeypatch.setattr(owner, call, replacement)
        return claim(self)

    return armed


def wait_for(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def test_a_killed_export_leaves_nothing_and_the_next_one_works(harness, sft, child):
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert [path.name for path in harness.data_dir.iterdir()] == [".stig_worker_sft.partial"]
    assert harness.export(sft).kept == 15
    assert [path.name for path in harness.data_dir.iterdir()] == ["stig_worker_sft"]


def test_the_second_of_two_exports_to_one_path_gets_one_line(harness, sft, child):
    with pytest.raises(ExportError) as caught:
        harness.export(sft)
    assert str(caught.value) == (
        f"{harness.data_dir}/stig_worker_sft: another export is writing this dataset\n"
        "  hint: wait for it, or give this one another export.name"
    )
    assert child.poll() is None


def test_a_store_that_drops_the_connection_is_one_clean_failure(harness, store, slow):
    sleeping = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'harness-forge' AND wait_event = 'PgSleep'"
    )

    def dropped() -> bool:
        with store.engine.begin() as connection:  # a transaction sees one moment only
            return bool(connection.exec_driver_sql(sleeping).fetchall())

    dropper = threading.Thread(target=wait_for, args=(dropped,))
    dropper.start()
    with pytest.raises(StoreError, match="was lost while rows were read"):
        harness.export(slow)
    dropper.join()
    assert list(harness.data_dir.iterdir()) == []


def test_ctrl_c_leaves_nothing_behind(harness, slow):
    def press() -> None:
        wait_for(lambda: list(harness.data_dir.glob(".*.partial")))
        os.kill(os.getpid(), signal.SIGINT)

    # A shell starts background jobs with SIGINT ignored, and Python keeps that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    presser = threading.Thread(target=press)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            harness.export(slow)
    finally:
        presser.join()
        signal.signal(signal.SIGINT, before)
    assert list(harness.data_dir.iterdir()) == []


@pytest.mark.parametrize("call", ["mkdir", "open", "flock"])
def test_ctrl_c_while_the_draft_is_made_leaves_nothing_behind(harness, sft, monkeypatch, call):
    """The draft stands before the export holds its lock: Ctrl-C may come between the two."""
    owner = {"mkdir": folder.Path, "open": folder.os, "flock": folder.fcntl}[call]
    real = getattr(owner, call)

    def interrupted(*args, **kwargs):
        monkeypatch.setattr(owner, call, real)
        real(*args, **kwargs)
        raise KeyboardInterrupt

    harness.attempt(harness.item("rule_a"))
    harness.data_dir.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(
        folder.DatasetFolder, "_claim", _armed(monkeypatch, owner, call, interrupted)
    )
    with pytest.raises(KeyboardInterrupt):
        harness.export(sft)
    assert list(harness.data_dir.iterdir()) == []


def test_a_failed_export_leaves_the_dataset_that_was_there(harness, sft):
    harness.attempt(harness.item("rule_a"))
    path = harness.export(sft).path
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    with pytest.raises(ExportError):
        harness.export(replace(sft, require={"none": "false"}))
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
