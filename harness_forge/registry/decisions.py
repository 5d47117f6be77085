"""The ledger of decisions: append-only JSON lines, each chained to the one before.

A line holds the hash of the line before it and its own, so a changed, moved or
removed line is detected. A cut or rewritten end is detected by what is stored
beside the ledger: its last hash, and the line in each champion's pointer. All
readers go through this module. The file is in forge's home, where neither DVC
nor an experiment restores an old version.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness_forge.core.chain import FIRST, fault, linked
from harness_forge.core.errors import PromoteError
from harness_forge.core.files import add_line, whole, write_all, write_json

Line = dict[str, Any]
Say = Callable[[str], None]


def time_of(line: Line) -> datetime:
    """Return when a line was written; a time without a zone is UTC."""
    found = datetime.fromisoformat(line["time"])
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def path(home: Path) -> Path:
    """Return the ledger's file."""
    return home / "ledger" / "decisions.jsonl"


def head(home: Path) -> Path:
    """Return the file that holds the hash of the ledger's last line."""
    return home / "ledger" / "decisions.head"


@contextmanager
def opened(home: Path, say: Say = lambda text: None) -> Iterator[DecisionLedger]:
    """Yield the ledger, locked and verified, with a torn last line repaired.

    Raises:
        ReadOnly: it cannot be written.
        PromoteError: it was tampered with.
    """
    file = path(home)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise ReadOnly(str(file), f"cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield DecisionLedger(home, handle, say)
    finally:
        os.close(handle)


def read(home: Path) -> list[Line]:
    """Return the verified lines; a torn last line is skipped, not repaired.

    Raises:
        PromoteError: a line was changed, or lines are missing.
    """
    return _state(home).lines


class ReadOnly(PromoteError):
    """The ledger cannot be opened for writing; reading it may still work."""


class DecisionLedger:
    """An open, locked ledger, verified and repaired; `opened` makes it."""

    def __init__(self, home: Path, handle: int, say: Say = lambda text: None) -> None:
        self._home, self._place, self._handle = home, path(home), handle
        found = _state(home)
        self.lines = found.lines
        try:
            _heal(handle, found, self._place, say)
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
            raise PromoteError(str(self._place), what, "nothing was decided") from None
        self._mark()

    def append(self, facts: Mapping[str, Any]) -> Line:
        """Write one line, synced to disk on return, and return it.

        Raises:
            PromoteError: the disk is full or missing; the ledger is unchanged.
        """
        before = self.lines[-1]["hash"] if self.lines else FIRST
        line = linked(facts, before)
        end = os.fstat(self._handle).st_size
        try:
            add_line(self._handle, json.dumps(line).encode())
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, end)
            what = f"cannot be written: {error.strerror}"
            raise PromoteError(str(self._place), what, "nothing was decided") from None
        self.lines.append(line)
        self._mark()
        return line

    def _mark(self) -> None:
        """Store the last hash beside the ledger."""
        facts = {"line": self.lines[-1]["hash"], "lines": len(self.lines)} if self.lines else {}
        head_file = head(self._home)
        if facts and _read(head_file) != facts:
            # If the disk is full, the old hash remains, which is still correct.
            with suppress(OSError):
                write_json(head_file, facts)


def verified(raw: bytes, place: Path) -> list[Line]:
    """Return the lines of a ledger.

    Raises:
        PromoteError: a line was changed; it names the first.
    """
    lines: list[Line] = []
    for number, text in enumerate(raw.removesuffix(b"\n").split(b"\n") if raw else (), start=1):
        before = lines[-1]["hash"] if lines else FIRST
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if what := fault(line, before):
            raise PromoteError(f"{place}:{number}", what, "put the ledger back from a copy")
        lines.append(line)
    return lines


@dataclass(frozen=True)
class _State:
    """The contents of a ledger file.

    Args:
        lines: verified, including a last line that lacks only its newline.
        size: bytes of the file; the first `whole` of them are complete lines.
        torn: the remaining bytes are no line.
    """

    lines: list[Line]
    size: int
    whole: int
    torn: bool


def _state(home: Path) -> _State:
    """Return the verified ledger.

    Raises:
        PromoteError: a line was changed, or one is missing that must be there.
    """
    file = path(home)
    # Read the marks before the ledger: another process may add to both in between.
    marks = _marks(home)
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raw = b""
    except OSError as error:
        raise PromoteError(str(file), f"cannot be read: {error.strerror}") from None
    end = whole(raw)
    lines, torn = verified(raw[:end], file), False
    if end < len(raw):
        try:
            lines = verified(raw, file)
        except PromoteError:
            torn = True
    known = {line["hash"] for line in lines}
    for mark, named in marks:
        if named not in known:
            what = f"{mark} names a decision it does not hold: lines were taken out"
            raise PromoteError(str(file), what, "put the ledger back from a copy")
    return _State(lines, len(raw), end, torn)


def _marks(home: Path) -> list[tuple[Path, str | None]]:
    """Return the hashes that must be in the ledger: the last one and each champion's."""
    places = [head(home), *sorted((home / "champions").glob("*.json"))]
    texts = [(place, _read(place)) for place in places]
    return [(place, facts.get("line")) for place, facts in texts if facts]


def _read(place: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _heal(handle: int, found: _State, place: Path, say: Say) -> None:
    """Repair the end of a ledger after its writer was killed; verified lines are never cut."""
    missing = found.size - found.whole
    if not missing:
        return
    if found.torn:
        # Its writer was killed before the decision took effect.
        os.ftruncate(handle, found.whole)
    else:
        write_all(handle, b"\n")
    os.fsync(handle)
    done = f"was cut in writing ({missing} bytes); taken out" if found.torn else "lacked its end"
    say(f"{place}: the last line {done}" + ("" if found.torn else "; added"))
