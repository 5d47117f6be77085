"""However many processes prepare the rows: the same bytes, and none of them is left behind."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_balance import fill

from harness_forge.config.engine import EngineConfig
from harness_forge.core.digest_set import DigestSet
from harness_forge.core.errors import ExportError
from harness_forge.datasets import worker_pool
from harness_forge.datasets.shared_plans import SharedPlans


@pytest.fixture
def small_batches(monkeypatch):
    """A few rows a batch, so that a few rows are many batches."""
    monkeypatch.setattr(worker_pool, "_BATCH", 7)
    monkeypatch.setattr(worker_pool, "_SMALL", 7)


def contents(path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def children() -> set[int]:
    """Processes that this one started, as the kernel counts them."""
    threads = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {int(pid) for thread in threads for pid in (thread / "children").read_text().split()}


@pytest.mark.parametrize("kind", ["sft", "dpo"])
def test_the_bytes_do_not_depend_on_the_number_of_workers(harness, request, kind, small_batches):
    fill(harness, seed=7, rows=150)
    recipe = request.getfixturevalue(kind)
    alone = contents(harness.export(recipe).path)
    for workers in (1, 2, 3):
        assert contents(harness.export(recipe, engine=EngineConfig(workers=workers)).path) == alone


def test_no_process_is_left_behind(harness, sft, small_batches):
    fill(harness, seed=1)
    before = children()
    harness.export(sft, engine=EngineConfig(workers=2))
    assert children() == before


def test_a_worker_that_is_killed_is_one_clean_failure(harness, sft, small_batches, monkeypatch):
    fill(harness, seed=1, rows=60)
    before = children()
    start = worker_pool.WorkerPool._start

    def start_and_kill(self):
        start(self)
        for worker in self._workers:
            worker._process.kill()  # one that ended before is not there to be killed

    monkeypatch.setattr(worker_pool.WorkerPool, "_start", start_and_kill)
    with pytest.raises(ExportError, match="a process that prepares rows ended by signal 9"):
        harness.export(sft, engine=EngineConfig(workers=2))
    assert list(harness.data_dir.iterdir()) == []
    assert children() == before


def test_workers_end_with_a_parent_that_was_killed(harness):
    worker = worker_pool._Worker(SharedPlans([]))
    pid = worker._process.pid
    worker._process.stdin.close()
    until = time.monotonic() + 20
    while worker._process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()
    worker._process.stdout.close()


def test_marks_are_a_set_of_digests():
    draw = random.Random(3)
    # Few different bytes, so that one digest often lies across two others.
    digests = [bytes(draw.choices((1, 2), k=16)) for _ in range(3000)]
    digests_seen, told = DigestSet(), set()
    for digest in digests:
        assert (digest in digests_seen) == (digest in told)
        if digest not in told:
            digests_seen.add(digest)
            told.add(digest)
    assert len(told) < len(digests)


def test_large_arrays_of_plans_are_one_memory_for_all_workers():
    made = [np.arange(40_000), {"small": [1, 2], "large": np.ones(9_000)}, np.zeros(0)]
    shared = SharedPlans(made)
    code = (
        "import sys, numpy as np; from harness_forge.datasets import shared_plans\n"
        "a, b, c = shared_plans.received(sys.stdin.buffer)\n"
        "print(int(a.sum()), b['small'], int(b['large'].sum()), len(c), a.flags.writeable)"
    )
    for _ in range(2):
        message, memory = shared.sent()
        assert len(message) < 1_000  # the arrays are not in it
        said = subprocess.run(
            [sys.executable, "-c", code], input=message, capture_output=True, pass_fds=[memory]
        )
        assert said.stdout.decode() == "799980000 [1, 2] 9000 0 False\n", said.stderr.decode()
    shared.close()
    assert not Path(f"/proc/self/fd/{memory}").exists()
