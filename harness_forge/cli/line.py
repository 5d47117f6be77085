"""One line of progress: rewritten in place on a terminal, seldom a new one elsewhere."""

from __future__ import annotations

import shutil
import sys
import time

SELDOM_S = 120.0
"""Least seconds between two lines of a log."""


class StatusLine:
    """Shows what is being done, and how far it is.

    Args:
        label: what each line begins with.
    """

    def __init__(self, label: str) -> None:
        self._label, self._step, self._last = label, "", ""
        self._live = sys.stdout.isatty()
        self._printed_at = time.monotonic()

    def step(self, text: str) -> None:
        """Say what is done next."""
        self._step = text
        self._put(text)

    def count(self, text: str) -> None:
        """Say how far the step is."""
        due = self._live or time.monotonic() - self._printed_at >= SELDOM_S
        if due and text != self._last:
            self._last = text
            self._put(f"{self._step}: {text}" if self._step else text)

    def end(self, text: str) -> None:
        """Leave a last line standing."""
        self._put(text)
        if self._live:
            print()

    def _put(self, text: str) -> None:
        line = f"{self._label}: {text}"
        self._printed_at = time.monotonic()
        if self._live:
            width = shutil.get_terminal_size().columns
            print(f"\r\033[K{line[: width - 1]}", end="", flush=True)
        else:
            print(line, flush=True)
