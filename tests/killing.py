"""Runs something in a child that is killed, as by kill -9, at a point drawn at random.

A point is a line of ours that is about to run, in any thread, or the middle of
a write: half of what was to be written is there, and the process is gone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import harness_forge

OURS = Path(harness_forge.__file__).parent
WRITERS = (
    *("core/files.py", "datasets/export.py", "datasets/pipeline.py", "datasets/writer.py"),
    *("datasets/manifest.py", "datasets/ledger.py", "datasets/spooling.py", "datasets/capping.py"),
    *("evaluation/replay.py", "evaluation/result_files.py", "promotion/decide.py"),
    *("promotion/files.py", "promotion/placement.py", "registry/adapters", "registry/champion.py"),
    *("registry/decisions.py", "rollouts/runs", "store"),
)
PLACES = (*(str(OURS / name) for name in WRITERS), shutil.__file__)
"""Where something is written, or decided on; elsewhere a kill finds nothing half done."""

WRITES = 0.25
"""Share of kills that happen in the middle of a write."""

assert all((OURS / name).exists() for name in WRITERS), "a place was moved: kills would miss it"


def count(action: Callable[[], object]) -> tuple[int, int]:
    """Return how many lines and how many writes `action` takes; it is run in a child."""
    read, write = os.pipe()

    def counting() -> None:
        seen = _watch(lambda lines, writes: None)
        action()
        os.write(write, f"{seen[0]} {seen[1]}".encode())

    status = _child(counting)
    os.close(write)
    with os.fdopen(read) as told:
        assert status == 0, f"it failed with {status} without being killed"
        lines, writes = told.read().split()
    return int(lines), int(writes)


def killed(action: Callable[[], object], points: tuple[int, int], draw: random.Random) -> bool:
    """Run `action` in a child and kill it at a point; False where it ended before.

    Args:
        points: lines and writes, as `count` returns them.
    """
    lines, writes = points
    torn = writes and draw.random() < WRITES
    last = draw.randrange(1, (writes if torn else lines) + 1)

    def watching() -> None:
        def at(line: int, write: int) -> bool:
            return (write if torn else line) == last

        _watch(at)
        action()

    status = _child(watching)
    assert status in (0, -signal.SIGKILL), f"it ended with {status} instead of being killed"
    return status != 0


def _child(action: Callable[[], object]) -> int:
    """Return how a forked child ended."""
    pid = os.fork()
    if not pid:
        # The parent's test runner must see nothing of it, not even its last words twice.
        try:
            action()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _watch(at: Callable[[int, int], bool | None]) -> list[int]:
    """Call `at` with the lines and writes so far before each; true kills. Returns both counts."""
    seen, write = [0, 0], os.write

    def lines(frame, event, _):
        if event == "line":
            seen[0] += 1
            if at(seen[0], 0):
                os.kill(os.getpid(), signal.SIGKILL)
        return lines

    def calls(frame, event, _):
        return lines if frame.f_code.co_filename.startswith(PLACES) else None

    def writes(handle: int, data: bytes) -> int:
        seen[1] += 1
        if at(0, seen[1]):
            write(handle, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(handle, data)

    os.write = writes
    threading.settrace(calls)
    sys.settrace(calls)
    return seen
