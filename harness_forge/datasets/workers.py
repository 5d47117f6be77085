"""Spreads the preparing of rows over processes; what comes back is in the order of the rows.

The processes are plain children on pipes. They end with their pipes, so that
a parent that was killed leaves none behind, and Ctrl-C reaches the parent
alone. How many there are never shows in what comes out.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock
from time import process_time
from typing import Any

from harness_forge.core.errors import ExportError
from harness_forge.datasets.prepare import Plan, Preparer
from harness_forge.datasets.prepared import Ready
from harness_forge.datasets.sql.rows import Row

Tallies = Mapping[str, Mapping[str, int]]

_AHEAD = 2
"""Batches that wait for a process each, so that none waits for a batch."""

_ALONE_S = 0.4
"""Processor time spent on rows here before a process is started for the rest: what one costs."""

_MANY = 20_000
"""Rows from which processes are started at once: while the server still looks for the first."""

_BATCH, _SMALL = 256, 32
"""Rows of a batch: in another process, or here, where the server waits while they are prepared."""

_PIPE = 1 << 20
"""Bytes that a pipe may hold: a batch goes through in few steps, each of which waits."""

_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 27), "MALLOC_MMAP_THRESHOLD_": str(1 << 27)}
"""A process keeps the memory of a batch for the next, where glibc would give it back each time."""

_PATIENCE_S = 5
"""How long a process may take to end once its pipe is closed."""


class Crew:
    """Prepares batches of rows, here or in processes of its own.

    Args:
        plans: one for each part of the dataset.
        workers: processes; 0 prepares in this one, None starts as many as pay
            off, once there are many rows.
        expected: rows that there are thought to be.

    Attributes:
        batch: how many rows it is best given at once.
        tallies: what filters counted of their own work, by name.
    """

    def __init__(self, plans: Sequence[Plan], workers: int | None, expected: float = 0) -> None:
        self._preparers: dict[int, Preparer] = {}
        self._plans = plans
        works = any(plan.works for plan in plans)
        self._workers = (_cores() if works else 0) if workers is None else workers
        self.batch = _BATCH if works or self._workers else _SMALL
        # A process takes as long to start as some thousand rows to prepare.
        self._alone = _ALONE_S if workers is None and expected < _MANY else 0.0
        self._hands: list[_Hand] = []
        self._idle: SimpleQueue[_Hand] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self.tallies: dict[str, Counter[str]] = {}
        self._counting = Lock()

    def __enter__(self) -> Crew:
        if self._workers and self._alone <= 0:
            self._start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for hand in self._hands:
            hand.close(at_once=error is not None)
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def map(
        self, part: int, batches: Iterable[Sequence[Row]]
    ) -> Iterator[tuple[Sequence[Row], list[Ready]]]:
        """Yield each batch with what came of its rows, in order.

        Raises:
            ExportError: a process ended before its work did.
        """
        waiting: deque[tuple[Sequence[Row], Future[list[Ready]]]] = deque()
        for batch in batches:
            if not self._workers or self._alone > 0:
                yield batch, self._here(part, batch)
                continue
            self._start()
            waiting.append((batch, self._threads.submit(self._there, part, batch)))
            while waiting and (len(waiting) > _AHEAD * self._workers or waiting[0][1].done()):
                done, result = waiting.popleft()
                yield done, result.result()
        for done, result in waiting:
            yield done, result.result()

    def _here(self, part: int, batch: Sequence[Row]) -> list[Ready]:
        if part not in self._preparers:
            self._preparers[part] = Preparer(self._plans[part])
        preparer = self._preparers[part]
        before = process_time()
        try:
            return joined(batch, self._counted(preparer(wanted(batch)), preparer.tallies()))
        finally:
            self._alone -= process_time() - before

    def _there(self, part: int, batch: Sequence[Row]) -> list[Ready]:
        hand = self._idle.get()
        try:
            return joined(batch, self._counted(*hand.ask(part, wanted(batch))))
        finally:
            self._idle.put(hand)

    def _counted(self, ready: list[Ready], tallies: Tallies) -> list[Ready]:
        with self._counting:
            for name, counts in tallies.items():
                self.tallies.setdefault(name, Counter()).update(counts)
        return ready

    def _start(self) -> None:
        if self._threads:
            return
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="crew")
        for _ in range(self._workers):
            hand = _Hand(self._plans)
            self._hands.append(hand)
            self._idle.put(hand)


def _cores() -> int:
    """Return how many processes pay off where rows are looked at or changed.

    Where they are not, to hand one to another process and take its line back takes as long as
    to make the line.
    """
    return len(os.sched_getaffinity(0))


def wanted(batch: Sequence[Row]) -> list[Row]:
    """Return the rows that the server did not reject: the others are done."""
    return [row for row in batch if row.reason is None]


def joined(batch: Sequence[Row], prepared: Iterable[Ready]) -> list[Ready]:
    """Return what came of each row of a batch, given that of its `wanted` rows."""
    following = iter(prepared)
    return [next(following) if row.reason is None else Ready(row.reason) for row in batch]


class _Hand:
    """One process at the other end of two pipes."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness_forge.datasets.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_MEMORY, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # a terminal's Ctrl-C is the parent's to answer
        )
        for end in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # not allowed here: it works with less, in more steps
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE)
        self._plans: Sequence[Plan] | None = plans

    def ask(self, part: int, rows: Sequence[Row]) -> tuple[list[Ready], Tallies]:
        try:
            if self._plans is not None:
                self._send(self._plans)
                self._plans = None
            self._send((part, [tuple(row) for row in rows]))
            answer = pickle.load(self._process.stdout)  # noqa: S301 - our own child wrote it
        except (OSError, EOFError, pickle.UnpicklingError, ValueError) as error:
            raise _ended(self._process) from error
        if isinstance(answer, BaseException):
            raise answer
        ready, tallies = answer
        return [Ready(*values) for values in ready], tallies

    def _send(self, message: Any) -> None:
        pickle.dump(message, self._process.stdin, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def close(self, *, at_once: bool) -> None:
        """End the process; where its work is of no use any more, without waiting for it."""
        if at_once:
            self._process.kill()
        with suppress(OSError):  # it has left already
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _ended(process: subprocess.Popen) -> ExportError:
    process.kill()  # where it still lives, what it says can no longer be read
    code = process.wait()
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return ExportError(
        "engine.workers",
        f"a process that prepares rows ended {how}",
        "no dataset was written; was memory short? fewer workers take less",
    )
