"""Sandboxes that are started when needed, at most one for each core, and lent in turn."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness_forge.rollouts.environments.sandbox.sandbox import Sandbox


def cores() -> int:
    """Return how many attempts are judged at the same time."""
    return len(os.sched_getaffinity(0))


class SandboxPool:
    """Thread-safe: who asks while all are lent waits.

    Args:
        start: starts a sandbox.
    """

    def __init__(self, start: Callable[[], Sandbox]) -> None:
        self._start = start
        self._idle: queue.LifoQueue[Sandbox] = queue.LifoQueue()
        self._free = threading.Semaphore(cores())

    @contextmanager
    def lend(self) -> Iterator[Sandbox]:
        """Lend a sandbox; one that failed is closed instead of lent again."""
        with self._free:
            try:
                box = self._idle.get_nowait()
            except queue.Empty:
                box = self._start()
            try:
                yield box
            except BaseException:
                box.close()
                raise
            self._idle.put(box)

    def close(self) -> None:
        """End every sandbox that is not lent."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
