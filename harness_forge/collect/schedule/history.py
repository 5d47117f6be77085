"""What each cycle came to, a line each in the schedule's `history.jsonl`; told night by night.

The state knows the last cycle only. The file is kept to its newest lines.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from harness_forge.collect.schedule.decision import CycleResult
from harness_forge.collect.schedule.state import Cycle
from harness_forge.core.files import append, write_text
from harness_forge.core.numbers import count

KEPT = 2000
"""Lines that stay: about five years of a night each, or two months of retries all day."""

_NOON = timedelta(hours=12)


@dataclass(frozen=True)
class HistoryEntry:
    """One end of a cycle.

    Args:
        number, starts, stage, said, result: those of the cycle.
        started, ended: of this cycle, by the clock of then.
    """

    number: int
    starts: int
    started: datetime
    ended: datetime
    result: str
    stage: str
    said: str


@dataclass(frozen=True)
class Night:
    """The ends of cycles from one noon to the next.

    Args:
        day: the date of the first noon.
        entries: in the order in which they were written.
    """

    day: date
    entries: tuple[HistoryEntry, ...]

    @property
    def line(self) -> str:
        """The night in a line: what it came to, and what went otherwise before and after that.

        It came to its last cycle that was done, if there is one: a decision is not hidden by a
        start that was stopped later.
        """
        done = [at for at, one in enumerate(self.entries) if one.result == CycleResult.done.value]
        at = done[-1] if done else len(self.entries) - 1
        one = self.entries[at]
        told = [f"{self.day}  {one.result:8}{one.said}"]
        for when, others in (("before", self.entries[:at]), ("after", self.entries[at + 1 :])):
            if others:
                told.append(f"{when} that {_told(others)}")
        return "; ".join(told)


def _told(entries: Sequence[HistoryEntry]) -> str:
    told = []
    for result in (CycleResult.failed, CycleResult.stopped, CycleResult.done):
        found = [one for one in entries if one.result == result.value]
        if found and result is CycleResult.done:
            told.append(f"{count(len(found))} done")
        elif found:
            told.append(f"{count(len(found))} {result.value}, last: {found[-1].said}")
    return "; ".join(told)


def place(folder: Path) -> Path:
    """Return the file in a schedule's folder."""
    return folder / "history.jsonl"


def add(folder: Path, cycle: Cycle) -> None:
    """Add a cycle that has ended.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    file = place(folder)
    entry = HistoryEntry(
        cycle.number, cycle.starts, cycle.started, cycle.ended or cycle.started,
        cycle.result.value, cycle.stage, cycle.said,
    )  # fmt: skip
    append(file, json.dumps(asdict(entry), default=datetime.isoformat).encode())
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if len(lines) > KEPT + KEPT // 10:
        write_text(file, "".join(lines[-KEPT:]))


def trim(file: Path, most: int = 1 << 20) -> None:
    """Cut a text that others append to down to its last quarter, where it has grown too long.

    In place: whoever has it open goes on at its end.

    Args:
        most: bytes that it may have.

    Raises:
        OSError: it cannot be written.
    """
    if not file.is_file() or file.stat().st_size <= most:
        return
    with file.open("r+b") as stream:
        stream.seek(-(most // 4), 2)
        stream.readline()
        rest = stream.read()
        stream.seek(0)
        stream.truncate()
        stream.write(rest)


def read(folder: Path) -> tuple[list[HistoryEntry], int]:
    """Return the entries, oldest first, and how many lines are none."""
    try:
        lines = place(folder).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], 0
    found = [one for one in map(_entry, lines) if one is not None]
    return found, len(lines) - len(found)


def last_number(folder: Path) -> int:
    """Return the highest number that a cycle had; 0 if there was none."""
    return max((one.number for one in read(folder)[0]), default=0)


def nights(entries: Sequence[HistoryEntry], zone: tzinfo) -> list[Night]:
    """Return entries by night, in the order in which they were written.

    A clock that was set back begins another night of an earlier date.
    """
    found: list[tuple[date, list[HistoryEntry]]] = []
    for one in entries:
        day = (one.ended.astimezone(zone).replace(tzinfo=None) - _NOON).date()
        if not found or found[-1][0] != day:
            found.append((day, []))
        found[-1][1].append(one)
    return [Night(day, tuple(some)) for day, some in found]


def _entry(line: str) -> HistoryEntry | None:
    with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        facts: dict[str, Any] = json.loads(line)
        times = {
            name: datetime.fromisoformat(facts[name]).astimezone(UTC)
            for name in ("started", "ended")
        }
        CycleResult(facts["result"])
        if isinstance(facts["number"], int) and isinstance(facts["said"], str):
            return HistoryEntry(**{**facts, **times})
    return None
