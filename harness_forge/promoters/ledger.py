"""The ledger of decisions: append-only JSON lines, each chained to the one before.

A line carries the hash of the line before it and its own, so a changed, moved
or removed line is noticed. It lies in forge's home, where neither DVC nor an
experiment puts it back.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.errors import PromoteError

FIRST = "0" * 64
"""What the first line names as the one before."""

Line = dict[str, Any]
Say = Callable[[str], None]


def path(home: Path) -> Path:
    """Return the ledger's file."""
    return home / "ledger" / "decisions.jsonl"


@contextmanager
def opened(home: Path, say: Say = lambda text: None) -> Iterator[Ledger]:
    """Hold the ledger alone, verified, a torn last line healed.

    Raises:
        PromoteError: it was tampered with, or cannot be written.
    """
    place = path(home)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise PromoteError(str(place), f"cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _heal(handle, place, say)
        yield Ledger(place, handle)
    finally:
        os.close(handle)


def read(home: Path) -> list[Line]:
    """Return the verified lines; a line cut in writing is passed over, not healed.

    Raises:
        PromoteError: a line is not what was written.
    """
    place = path(home)
    try:
        raw = place.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PromoteError(str(place), f"cannot be read: {error.strerror}") from None
    return verified(raw[: _whole(raw)], place)


class Ledger:
    """An open, locked ledger; `opened` makes it."""

    def __init__(self, place: Path, handle: int) -> None:
        self._place, self._handle = place, handle
        self.lines = verified(place.read_bytes(), place)

    def append(self, facts: Mapping[str, Any]) -> Line:
        """Write one line, on the disk when this returns, and return it.

        Raises:
            PromoteError: the disk is full or gone; the ledger is as it was.
        """
        before = self.lines[-1]["hash"] if self.lines else FIRST
        line = {**facts, "previous": before}
        line["hash"] = digest(line)
        end = os.fstat(self._handle).st_size
        try:
            _write_all(self._handle, json.dumps(line).encode() + b"\n")
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, end)
            what = f"cannot be written: {error.strerror}"
            raise PromoteError(str(self._place), what, "nothing was decided") from None
        self.lines.append(line)
        return line


def digest(line: Mapping[str, Any]) -> str:
    """Return the hash of a line's facts, its own hash left out."""
    facts = {key: value for key, value in line.items() if key != "hash"}
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def verified(raw: bytes, place: Path) -> list[Line]:
    """Return the lines of a ledger.

    Raises:
        PromoteError: the first line that is not what was written.
    """
    lines: list[Line] = []
    for number, text in enumerate(raw.splitlines(), start=1):
        before = lines[-1]["hash"] if lines else FIRST
        try:
            line = json.loads(text)
            sound = line["hash"] == digest(line)
            chained = line["previous"] == before
        except (ValueError, KeyError, TypeError):
            sound = chained = False
        if not (sound and chained):
            what = (
                "does not follow the line before" if sound else "was changed after it was written"
            )
            raise PromoteError(f"{place}:{number}", what, "put the ledger back from a copy")
        lines.append(line)
    return lines


def _whole(raw: bytes) -> int:
    """Return how many bytes end in whole lines."""
    return raw.rfind(b"\n") + 1


def _heal(handle: int, place: Path, say: Say) -> None:
    raw = place.read_bytes()
    whole = _whole(raw)
    if whole < len(raw):
        # Its writer was killed before the decision took effect.
        os.ftruncate(handle, whole)
        os.fsync(handle)
        say(f"{place}: the last line was cut in writing ({len(raw) - whole} bytes); taken out")


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
