"""How far a run is: a bar on a terminal, few whole lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from harness_forge.core.numbers import count, seconds

SELDOM_S = 120.0
"""Least seconds between two lines of a log: an hour's run is followed with thirty."""


class RunProgress:
    """Counts finished work items.

    Args:
        label: names the work.
        total: how many there are; `done` of them were finished before.
    """

    def __init__(self, label: str, total: int, done: int = 0, unit: str = "item") -> None:
        kind = _Bar if sys.stderr.isatty() else _Lines
        self._shown = kind(label, total, done, unit)

    def advance(self, note: str = "") -> None:
        """Count one more; `note` is shown behind the count."""
        self._shown.advance(note)

    def close(self) -> None:
        """Leave the last state standing."""
        self._shown.close()


class _Bar:
    """A bar with rate and time left."""

    def __init__(self, label: str, total: int, done: int, unit: str) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            desc=label,
            file=sys.stderr,
            total=total,
            initial=done,
            unit=unit,
            mininterval=0.2,
            dynamic_ncols=True,
            leave=True,
        )

    def advance(self, note: str) -> None:
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(1)

    def close(self) -> None:
        self._bar.close()


class _Lines:
    """A line seldom, with the time left, and one at the end."""

    def __init__(self, label: str, total: int, done: int, unit: str) -> None:
        self._label, self._total, self._done, self._unit = label, total, done, f"{unit}s"
        self._before, self._note = done, ""
        self._started = self._printed = time.monotonic()

    def advance(self, note: str) -> None:
        self._done += 1
        self._note = note or self._note
        now = time.monotonic()
        if now - self._printed >= SELDOM_S and self._done < self._total:
            self._printed = now
            pace = (now - self._started) / (self._done - self._before)
            self._print("", f"{seconds((self._total - self._done) * pace)} left")

    def close(self) -> None:
        self._print(f" in {seconds(time.monotonic() - self._started)}", "")

    def _print(self, spent: str, left: str) -> None:
        far = f"{count(self._done)} of {count(self._total)} {self._unit}{spent}"
        said = ", ".join(filter(None, (far, self._note, left)))
        print(f"{self._label}: {said}", file=sys.stderr, flush=True)


def counter(label: str, unit: str = "item") -> Callable[[int, int], None]:
    """Return a callback (done, total) that shows a bar."""
    bar: list[RunProgress] = []

    def show(done: int, total: int) -> None:
        if not bar:
            bar.append(RunProgress(label, total, done, unit))
        else:
            bar[0].advance()
        if done >= total:
            bar[0].close()

    return show
