"""Empties a proxy's spool into the store, in a process of its own, whatever becomes of the store.

What was written is deleted from the spool afterwards; a record that is read
twice, because the process was killed between the two, is written once.
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.collect.capture import rows
from harness_forge.collect.capture.joining import JoinResult, settle
from harness_forge.config.proxy import Fsync, ProxyConfig
from harness_forge.core.errors import StoreError
from harness_forge.serving.proxy import spool
from harness_forge.serving.proxy.keys import Patterns
from harness_forge.serving.proxy.spool import Record
from harness_forge.store.captures import Captures
from harness_forge.store.faults import refused

_BATCH_BYTES, _BATCH_ROWS = 8 << 20, 500
_REST_S, _LONGEST_REST_S = 0.3, 10.0
_SPLIT_S = 30.0
_NO_RECORD = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
ASIDE = "aside"
"""Folder in a spool with records that are none."""
KEY = "proxy"


@dataclass(frozen=True, slots=True)
class _Row:
    record: Record
    skill: str
    row: dict[str, Any]
    table: str


@dataclass
class DrainResult:
    """What went into the store.

    Args:
        captures, outcomes: records; those that were there already count too.
        skipped: bytes of the spool that could not be read.
        aside: records that are none of the proxy's, or that the store refuses; kept in a folder.
        joined: attempts that were made of them.
    """

    captures: int = 0
    outcomes: int = 0
    skipped: int = 0
    aside: int = 0
    joined: JoinResult = field(default_factory=JoinResult)


class Drain:
    """Writes what a spool holds.

    Args:
        folder: the spool.
        open_store: opens the store; called again after it was lost.
        skills: that rows may go to; others go to the first.
        settle_items: gives new items their splits, see `ingesting.splitting`.
        redact: replaces what must not be stored.
    """

    def __init__(
        self,
        folder: Path,
        config: ProxyConfig,
        open_store: Callable[[], Any],
        skills: list[str],
        settle_items: Callable[[Any], Any] = lambda store: None,
        redact: rows.Redact | None = None,
    ) -> None:
        self._folder, self._config, self._skills = folder, config, skills
        self._open_store, self._settle_items, self._redact = open_store, settle_items, redact
        self._patterns = Patterns(config.patterns)
        self._offsets: dict[Path, int] = {}
        self._open = ExitStack()
        self._store: Any = None
        self._captures: dict[str, Captures] = {}
        self._new_items: dict[str, float] = {}
        self._synced: tuple[Path | None, int, float] = (None, 0, 0.0)
        self.written = DrainResult()

    def follow(self, alive: Callable[[], bool]) -> None:
        """Write records until no process adds any; the store may be unavailable at times."""
        rest = _REST_S
        while True:
            going = alive()
            try:
                busy = self.step()
                rest = _REST_S
            except StoreError as error:
                self._lose()
                print(f"proxy: captures wait in the spool: {error}", file=sys.stderr, flush=True)
                if not going:
                    return
                time.sleep(rest)
                rest, busy = min(rest * 2, _LONGEST_REST_S), False
            self._sync()
            if not busy:
                if not going:
                    self.close()
                    return
                time.sleep(_REST_S)

    def once(self) -> DrainResult:
        """Write what is there, once.

        Raises:
            StoreError: the store cannot take it; nothing is lost.
        """
        try:
            while self.step():
                pass
        finally:
            self.close()
        return self.written

    def step(self) -> bool:
        """Write one batch; False if there was nothing."""
        paths = spool.segments(self._folder)
        owned = self._is_owned()
        for path in paths:
            batch, offset = self._batch(path)
            if batch:
                self._write(batch)
                self._offsets[path] = offset
                return True
            if path != paths[-1] or not owned:
                if self._mend(path, offset):
                    return True
                path.unlink()
                self._offsets.pop(path, None)
        self._settle_waiting(now=False)
        return False

    def close(self) -> None:
        """Give new items their splits and close the store."""
        with suppress(StoreError):
            self._settle_waiting(now=True)
        self._lose()

    def _is_owned(self) -> bool:
        lock = spool.locked(self._folder / "lock")
        if lock is None:
            return True
        lock.close()
        return False

    def _batch(self, path: Path) -> tuple[list[Record], int]:
        offset = self._offsets.get(path, 0)
        batch: list[Record] = []
        for record, behind in spool.read(path, offset, _BATCH_BYTES):
            batch.append(record)
            offset = behind
            if len(batch) >= _BATCH_ROWS:
                break
        return batch, offset

    def _mend(self, path: Path, offset: int) -> bool:
        """Skip unreadable bytes in a segment that is no longer written; False at its end."""
        size = path.stat().st_size
        if offset >= size:
            return False
        found = spool.following(path, offset + 1)
        self.written.skipped += (found or size) - offset
        print(
            f"proxy: {path.name}: {(found or size) - offset} bytes are no record", file=sys.stderr
        )
        if found is None:
            return False
        self._offsets[path] = found
        return True

    def _write(self, batch: list[Record]) -> None:
        made: dict[str, list[_Row]] = defaultdict(list)
        for record in batch:
            try:
                one = self._row(record)
            except _NO_RECORD as error:
                self._set_aside(record, f"{type(error).__name__}: {error}")
            else:
                made[one.skill].append(one)
        for skill, found in made.items():
            self._add(skill, found)
            joined = settle(self._of(skill))
            self.written.joined.add(joined)
            if joined.made:
                self._new_items.setdefault(skill, time.monotonic())

    def _row(self, record: Record) -> _Row:
        """Return a record as a row; raises one of `_NO_RECORD` where the proxy never wrote it."""
        skill = record.facts.get("skill")
        if record.facts["type"] == "outcome":
            return _Row(record, self._skill_of(skill), rows.outcome_row(record), "outcomes")
        if record.facts["type"] == "draw":
            skill = record.facts["keys"].get("skill") or skill
            return _Row(record, self._skill_of(skill), rows.draw_row(record), "draws")
        request = rows.request_of(record)
        keys = rows.keys_of(record, request, self._patterns)
        row = rows.capture_row(record, request, keys, self._redact)
        return _Row(record, self._skill_of(keys.skill or skill), row, "captures")

    def _add(self, skill: str, found: list[_Row]) -> None:
        """Write rows; one that the store refuses for what it holds is set aside."""
        captures, outcomes, draws = (
            [one.row for one in found if one.table == table]
            for table in ("captures", "outcomes", "draws")
        )
        try:
            self._of(skill).add(captures, outcomes, draws)
        except StoreError as error:
            if not refused(error):
                raise
            if len(found) == 1:
                self._set_aside(found[0].record, error.what)
                return
            half = len(found) // 2
            self._add(skill, found[:half])
            self._add(skill, found[half:])
            return
        self.written.captures += len(captures)
        self.written.outcomes += len(outcomes)
        self.written.joined.unread += sum(one["fault"].startswith(rows.NO_TURN) for one in captures)

    def _set_aside(self, record: Record, why: str) -> None:
        """Move a record aside, where it is not read again, and continue."""
        raw = record.framed()
        place = self._folder / ASIDE / f"{sha256(raw).hexdigest()[:16]}.record"
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with open(place, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(raw)
        self.written.aside += 1
        print(f"proxy: {place}: is no record of a proxy, set aside ({why[:200]})", file=sys.stderr)

    def _skill_of(self, word: Any) -> str:
        return word if word in self._skills else self._skills[0]

    def _of(self, skill: str) -> Captures:
        if self._store is None:
            self._store = self._open.enter_context(self._open_store())
        if skill not in self._captures:
            self._store.upgrade(skill)
            intake = self._open.enter_context(self._store.skill(skill).intake(KEY))
            self._captures[skill] = Captures(intake)
        return self._captures[skill]

    def _settle_waiting(self, now: bool) -> None:
        for skill, since in list(self._new_items.items()):
            if now or time.monotonic() - since > _SPLIT_S:
                self._of(skill)
                self._settle_items(self._store.skill(skill))
                del self._new_items[skill]

    def _lose(self) -> None:
        with suppress(Exception):
            self._open.close()
        self._open, self._store, self._captures = ExitStack(), None, {}

    def _sync(self) -> None:
        """Force the segment that grows to the disk, at most once a second."""
        path, size, when = self._synced
        newest = next(reversed(spool.segments(self._folder)), None)
        if self._config.spool.fsync is not Fsync.second or newest is None:
            return
        if time.monotonic() - when < 1.0:
            return
        with suppress(FileNotFoundError):
            now = newest.stat().st_size
            if (newest, now) != (path, size):
                handle = os.open(newest, os.O_RDONLY)
                try:
                    os.fdatasync(handle)
                finally:
                    os.close(handle)
            self._synced = (newest, now, time.monotonic())


def written_as_dict(written: DrainResult) -> Mapping[str, Any]:
    """Return what was written, as JSON."""
    return {**vars(written), "joined": vars(written.joined)}
