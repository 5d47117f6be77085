"""Prepares rows in a pool of worker processes; results come back in the order of the rows.

Workers are child processes on pipes. A worker ends when its pipe closes, so a
killed parent leaves none behind; Ctrl-C reaches only the parent. The output
does not depend on the number of workers.
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
from harness_forge.datasets.prepare import PreparePlan, Preparer
from harness_forge.datasets.prepared import PreparedRow
from harness_forge.datasets.shared_plans import SharedPlans
from harness_forge.datasets.sql.rows import Row

Tallies = Mapping[str, Mapping[str, int]]

_QUEUED_PER_WORKER = 2
"""Queued batches per worker, so that no worker waits for a batch."""

_START_AFTER_S = 0.4
"""CPU seconds spent on rows in this process before workers start: what starting one costs."""

_MANY_ROWS = 20_000
"""Expected rows from which workers start at once, while the server still runs the query."""

_BATCH, _SMALL = 256, 32
"""Rows of a batch: with workers, and without, where the server waits while rows are prepared."""

_PIPE = 1 << 20
"""Pipe capacity in bytes: a batch then needs few blocking writes."""

_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 27), "MALLOC_MMAP_THRESHOLD_": str(1 << 27)}
"""Lets a worker reuse the memory of a batch, which glibc would otherwise return each time."""

_TIMEOUT_S = 5
"""How long a worker may take to end once its pipe is closed."""


class WorkerPool:
    """Prepares batches of rows, in this process or in workers.

    Args:
        plans: one for each part of the dataset.
        workers: number of worker processes; 0 prepares in this one, None starts
            as many as pay off, once there are many rows.
        expected: the server's estimate of the number of rows.

    Attributes:
        batch: preferred number of rows per batch.
        tallies: counts that filters keep of their own work, by filter.
    """

    def __init__(
        self, plans: Sequence[PreparePlan], workers: int | None, expected: float = 0
    ) -> None:
        self._preparers: dict[int, Preparer] = {}
        self._plans = plans
        works = any(plan.works for plan in plans)
        self._worker_count = (_cores() if works else 0) if workers is None else workers
        self.batch = _BATCH if works or self._worker_count else _SMALL
        # A process takes as long to start as some thousand rows to prepare.
        self._seconds_before_start = (
            _START_AFTER_S if workers is None and expected < _MANY_ROWS else 0.0
        )
        self._workers: list[_Worker] = []
        self._shared = SharedPlans(plans)
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self.tallies: dict[str, Counter[str]] = {}
        self._counting = Lock()

    def __enter__(self) -> WorkerPool:
        if self._worker_count and self._seconds_before_start <= 0:
            self._start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for worker in self._workers:
            worker.close(at_once=error is not None)
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        self._shared.close()

    def map(
        self, part: int, batches: Iterable[Sequence[Row]]
    ) -> Iterator[tuple[Sequence[Row], list[PreparedRow]]]:
        """Yield each batch with its prepared rows, in order.

        Raises:
            ExportError: a worker ended unexpectedly.
        """
        waiting: deque[tuple[Sequence[Row], Future[list[PreparedRow]]]] = deque()
        for batch in batches:
            if not self._worker_count or self._seconds_before_start > 0:
                yield batch, self._prepare_here(part, batch)
                continue
            self._start()
            waiting.append((batch, self._threads.submit(self._prepare_in_worker, part, batch)))
            while waiting and (
                len(waiting) > _QUEUED_PER_WORKER * self._worker_count or waiting[0][1].done()
            ):
                done, result = waiting.popleft()
                yield done, result.result()
        for done, result in waiting:
            yield done, result.result()

    def _prepare_here(self, part: int, batch: Sequence[Row]) -> list[PreparedRow]:
        if part not in self._preparers:
            self._preparers[part] = Preparer(self._plans[part])
        preparer = self._preparers[part]
        before = process_time()
        try:
            return with_rejected(
                batch, self._counted(preparer(unrejected(batch)), preparer.tallies())
            )
        finally:
            self._seconds_before_start -= process_time() - before

    def _prepare_in_worker(self, part: int, batch: Sequence[Row]) -> list[PreparedRow]:
        worker = self._idle.get()
        try:
            return with_rejected(batch, self._counted(*worker.ask(part, unrejected(batch))))
        finally:
            self._idle.put(worker)

    def _counted(self, ready: list[PreparedRow], tallies: Tallies) -> list[PreparedRow]:
        with self._counting:
            for name, counts in tallies.items():
                self.tallies.setdefault(name, Counter()).update(counts)
        return ready

    def _start(self) -> None:
        if self._threads:
            return
        self._threads = ThreadPoolExecutor(self._worker_count, thread_name_prefix="worker-pool")
        for _ in range(self._worker_count):
            worker = _Worker(self._shared)
            self._workers.append(worker)
            self._idle.put(worker)


def _cores() -> int:
    """Return how many workers pay off where rows are filtered or changed.

    Where they are not, sending a row to a worker takes as long as preparing it.
    """
    return len(os.sched_getaffinity(0))


def unrejected(batch: Sequence[Row]) -> list[Row]:
    """Return the rows that the server did not reject; the others need no preparation."""
    return [row for row in batch if row.reason is None]


def with_rejected(batch: Sequence[Row], prepared: Iterable[PreparedRow]) -> list[PreparedRow]:
    """Return a prepared row for each row of a batch, given those of its `unrejected` rows."""
    following = iter(prepared)
    return [next(following) if row.reason is None else PreparedRow(row.reason) for row in batch]


class _Worker:
    """One worker process, connected by two pipes."""

    def __init__(self, plans: SharedPlans) -> None:
        message, memory = plans.sent()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness_forge.datasets.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_MEMORY, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # a terminal's Ctrl-C must reach the parent only
            pass_fds=[memory],
        )
        for end in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # not allowed here: it works with less, in more steps
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE)
        self._first: bytes | None = message

    def ask(self, part: int, rows: Sequence[Row]) -> tuple[list[PreparedRow], Tallies]:
        try:
            if self._first is not None:
                self._process.stdin.write(self._first)
                self._first = None
            self._send((part, [tuple(row) for row in rows]))
            answer = pickle.load(self._process.stdout)  # noqa: S301 - our own child wrote it
        except (OSError, EOFError, pickle.UnpicklingError, ValueError) as error:
            raise _ended(self._process) from error
        if isinstance(answer, BaseException):
            raise answer
        ready, tallies = answer
        return [PreparedRow(*values) for values in ready], tallies

    def _send(self, message: Any) -> None:
        pickle.dump(message, self._process.stdin, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def close(self, *, at_once: bool) -> None:
        """End the process; with `at_once`, without waiting for its work."""
        if at_once:
            self._process.kill()
        with suppress(OSError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(_TIMEOUT_S)
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
