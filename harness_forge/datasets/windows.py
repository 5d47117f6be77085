"""Reads a few lines of a dataset's files at a time, wherever they are, for people who look.

Lines are counted from 1. What is known of where lines begin is kept for a file as it was
when it was read, so that the next page does not read all before it once more.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.dataset_files import LEDGER
from harness_forge.datasets.formats.endings import is_plain, read_lines

_EVERY = 64
"""Lines between two places that are kept."""
_FILES = 64
"""Files whose places are kept."""


@dataclass(frozen=True)
class LinesWindow:
    """Some lines.

    Args:
        lines: number and value of each; None for a line that is no JSON.
        following: the number that the next window begins at; None at the end.
        searched: the window is short because its time was over.
    """

    lines: list[tuple[int, Any]]
    following: int | None
    searched: bool = False


class _LinePlaces:
    """Where some lines of one file begin, as far as it was read."""

    def __init__(self) -> None:
        self.numbers, self.offsets = [1], [0]

    def before(self, number: int) -> tuple[int, int]:
        """Return the last line known to begin at or before `number`, and where."""
        at = bisect_right(self.numbers, number) - 1
        return self.numbers[at], self.offsets[at]

    def add(self, number: int, offset: int) -> None:
        """Keep a place beyond the last one."""
        if number >= self.numbers[-1] + _EVERY:
            self.numbers.append(number)
            self.offsets.append(offset)


_known: dict[tuple[str, int, int], _LinePlaces] = {}
_lock = threading.Lock()


def window(path: Path, first: int, size: int) -> LinesWindow:
    """Return `size` lines of a file from line `first` on; compressed files are read up to there.

    Raises:
        OSError: the file cannot be read.
        ExportError: it is compressed in a way that needs a package that is not there.
    """
    found = list(islice(_numbered(path, first), size + 1))
    following = found[size][0] if len(found) > size else None
    return LinesWindow([(number, _value(raw)) for number, raw in found[:size]], following)


def left_out(folder: Path, reason: str, first: int, size: int, time_s: float = 0.06) -> LinesWindow:
    """Return ledger lines of rows that an export left out, from line `first` of the ledger on.

    Args:
        reason: of this reason alone; '' for any.
        time_s: seconds after which the window is returned with what it has.

    Raises:
        OSError: the ledger cannot be read.
    """
    found: list[tuple[int, Any]] = []
    # What cannot be such a line need not be parsed: a ledger may have millions.
    sign = jsontext.dumps(reason) if reason else b'"reason"'
    began = time.monotonic()
    for number, raw in _numbered(folder / LEDGER, first):
        if sign in raw:
            entry = _value(raw)
            out = isinstance(entry, Mapping) and not entry.get("kept")
            if out and (not reason or entry.get("reason") == reason):
                if len(found) == size:
                    return LinesWindow(found, number)
                found.append((number, entry))
        if not number % 1024 and time.monotonic() - began > time_s:
            return LinesWindow(found, number + 1, searched=True)
    return LinesWindow(found, None)


def _numbered(path: Path, first: int) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers, from `first` on."""
    if not is_plain(path):
        yield from islice(enumerate(read_lines(path), start=1), first - 1, None)
        return
    places = _places(path)
    number, offset = places.before(first)
    with path.open("rb") as file:
        file.seek(offset)
        for raw in file:
            if number >= first:
                yield number, raw
            number, offset = number + 1, offset + len(raw)
            if number % _EVERY == 1:
                with _lock:
                    places.add(number, offset)


def _places(path: Path) -> _LinePlaces:
    stat = path.stat()
    key = str(path.absolute()), stat.st_size, stat.st_mtime_ns
    with _lock:
        if key not in _known:
            while len(_known) >= _FILES:
                del _known[next(iter(_known))]
            _known[key] = _LinePlaces()
        return _known[key]


def _value(raw: bytes) -> Any:
    try:
        return jsontext.loads(raw)
    except ValueError:
        return None
