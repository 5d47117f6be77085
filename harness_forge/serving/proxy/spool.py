"""The folder in which captured requests wait for the store: append only, read from behind.

A record is in the kernel's hands before the caller sees the end of its answer,
so a proxy that is killed loses the requests under way and no other. Records
are framed with length and checksum; one that a kill cut off is passed over.
What was stored is deleted segment by segment.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from harness_forge.core.errors import ServeError
from harness_forge.serving.proxy.body import parsed

_HEAD = struct.Struct("<4sIIII")  # mark, checksum, lengths of facts, request, response
_MARK = b"FRG1"
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One captured request, or one outcome that was posted.

    Args:
        facts: what is known of it, without its texts; empty where they are no JSON object.
        request, response: their bodies as they came.
        raw_facts: the facts as they were written.
    """

    facts: dict[str, Any]
    request: bytes = b""
    response: bytes = b""
    raw_facts: bytes = b""

    def framed(self) -> bytes:
        """Return the record as a spool has it."""
        return framed(self.raw_facts, self.request, self.response)


class SpoolFull(OSError):
    """The spool holds as much as it may: the store has been away for long."""


class Spool:
    """The writing side. One process at a time has a folder.

    Args:
        folder: its own; others cannot read it.
        max_mb: what it may hold.
        segment_mb: size at which a new file is begun.
        sync: force each record to the disk before going on.

    Raises:
        ServeError: another process has it.
    """

    def __init__(self, folder: Path, max_mb: int, segment_mb: int, sync: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._folder, self._sync = folder, sync
        self._lock = locked(folder / "lock")
        if self._lock is None:
            raise ServeError(str(folder), "is another proxy's spool", "stop it, or set proxy.port")
        self._most, self._segment = max_mb * _MB, segment_mb * _MB
        self._number = max((number_of(path) for path in segments(folder)), default=0)
        self._behind = 0
        self._file: int | None = None
        self._next()

    def append(self, facts: dict[str, Any], request: bytes, response: bytes) -> None:
        """Write one record, whole or not at all.

        Raises:
            SpoolFull: it would hold too much.
            OSError: it cannot be written.
        """
        raw = framed(_written(facts), request, response)
        if self._behind + self._size + len(raw) > self._most:
            self.measure()
            if self._behind + self._size + len(raw) > self._most:
                raise SpoolFull(f"{self._folder} may hold {self._most // _MB} MB and no more")
        try:
            done = 0
            while done < len(raw):
                done += os.write(self._file, raw[done:] if done else raw)
            if self._sync:
                os.fdatasync(self._file)
        except OSError:
            # What is there already can always be cut off, on a full disk too.
            os.ftruncate(self._file, self._size)
            os.lseek(self._file, self._size, os.SEEK_SET)
            raise
        self._size += len(raw)
        if self._size >= self._segment:
            # The record is kept; where no file can be made, this one goes on.
            with suppress(OSError):
                self._next()

    def measure(self) -> int:
        """Return how many bytes wait, as the folder has it now."""
        total = 0
        for path in segments(self._folder):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        self._behind = max(total - self._size, 0)
        return total

    def close(self) -> None:
        """Let another process have the folder."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._lock.close()

    def _next(self) -> None:
        self._number += 1
        path = self._folder / f"{self._number:08}.spool"
        new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if self._file is not None:
            os.close(self._file)
            self._behind += self._size
        self._file, self._size = new, 0


def framed(raw_facts: bytes, request: bytes, response: bytes) -> bytes:
    """Return a record as a spool has it: mark, checksum, lengths, facts, bodies."""
    check = zlib.crc32(response, zlib.crc32(request, zlib.crc32(raw_facts)))
    head = _HEAD.pack(_MARK, check, len(raw_facts), len(request), len(response))
    return b"".join((head, raw_facts, request, response))


def _written(facts: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(facts)
    except TypeError:  # half a surrogate in a model's name: JSON can say it, UTF-8 cannot
        return json.dumps(facts).encode()


def locked(path: Path) -> IO[str] | None:
    """Return a file that this process alone holds, or None."""
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def segments(folder: Path) -> list[Path]:
    """Return a spool's files, the oldest first."""
    return sorted(folder.glob("*.spool"))


def number_of(path: Path) -> int:
    """Return a segment's place in the order."""
    return int(path.stem)


def read(path: Path, offset: int, most: int) -> Iterator[tuple[Record, int]]:
    """Yield whole records of a segment from an offset, each with where the next begins.

    Args:
        most: bytes after which no further record is read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        end = offset + most
        while offset < end:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            mark, check, *sizes = _HEAD.unpack(head)
            body = file.read(sum(sizes)) if mark == _MARK else b""
            if mark != _MARK or len(body) < sum(sizes) or zlib.crc32(body) != check:
                return
            offset += _HEAD.size + len(body)
            yield _record(body, sizes), offset


def _record(body: bytes, sizes: Sequence[int]) -> Record:
    size, asked, _ = sizes
    raw_facts = body[:size]
    try:
        facts = parsed(raw_facts)
    except ValueError:
        facts = None
    facts = facts if isinstance(facts, dict) else {}
    return Record(facts, body[size : size + asked], body[size + asked :], raw_facts)


def following(path: Path, offset: int) -> int | None:
    """Return where the next whole record begins behind something that is none; None for no more."""
    raw = path.read_bytes()
    while (offset := raw.find(_MARK, offset)) >= 0:
        if next(read(path, offset, 1), None) is not None:
            return offset
        offset += 1
    return None
