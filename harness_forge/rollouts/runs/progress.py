"""A progress bar with rate and time left, on a terminal or in a log."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import IO

from tqdm import tqdm


class Lines:
    """A log as the output of a bar: each state is a line of its own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write the state, if it is not empty."""
        if said := text.strip():
            self._stream.write(f"{said}\n")

    def flush(self) -> None:
        """Flush the log."""
        self._stream.flush()


class Progress:
    """Counts finished work items.

    On a terminal it is a bar; in a log it prints a line a minute at most.

    Args:
        label: names the work.
        total: how many there are; `done` of them were finished before.
    """

    def __init__(self, label: str, total: int, done: int = 0, unit: str = "rule") -> None:
        live = sys.stderr.isatty()
        self._bar = tqdm(
            desc=label,
            file=sys.stderr if live else Lines(sys.stderr),
            total=total,
            initial=done,
            unit=unit,
            mininterval=0.2 if live else 60,
            # tqdm's own thread prints after this time, whatever mininterval says.
            maxinterval=10 if live else 60,
            dynamic_ncols=live,
            ncols=None if live else 100,
            leave=True,
        )

    def advance(self, note: str = "") -> None:
        """Count one more; `note` is shown after the bar."""
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(1)

    def close(self) -> None:
        """Close the bar and leave its last state on the screen."""
        self._bar.close()


def counter(label: str) -> Callable[[int, int], None]:
    """Return a callback (done, total) that shows a bar."""
    bar: list[Progress] = []

    def show(done: int, total: int) -> None:
        if not bar:
            bar.append(Progress(label, total, done))
        else:
            bar[0].advance()
        if done >= total:
            bar[0].close()

    return show
