"""Times of what passes the proxy, in the order in which it passed.

Turns of an attempt, draws and outcomes are ordered by their times, and so must not go back
where the clock does: a server of time corrects it, or somebody sets it.
"""

from __future__ import annotations

import time

_APART = 1000
"""Nanoseconds between two times: the store holds microseconds."""


class OrderedTime:
    """A clock that never goes back.

    Where the machine's clock was set back, time goes on at half its pace from the last one
    that was given, until the machine's clock has caught up or the proxy is started again.
    """

    def __init__(self) -> None:
        self._last, self._since = 0, 0

    def now(self) -> int:
        """Return the time in nanoseconds, later than every one before it."""
        ticks = time.perf_counter_ns()
        least = self._last + max((ticks - self._since) // 2, _APART) if self._last else 0
        self._last, self._since = max(time.time_ns(), least), ticks
        return self._last


now_ns = OrderedTime().now
"""The proxy's: requests, draws and outcomes are of one order."""
