"""The folder in which captured requests wait for the store: append-only.

A record is written before the caller sees the end of its answer, so a killed proxy
loses only the requests in progress. Records are framed with length and checksum; one
that was cut off by a kill is skipped. Stored records are deleted segment by segment.
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
    """One captured request, or one posted outcome.

    Args:
        facts: what is known of it, without its texts; empty if they are no JSON object.
        request, response: their bodies as received.
        raw_facts: the facts as they were written.
    """

    facts: dict[str, Any]
    request: bytes = b""
    response: bytes = b""
    raw_facts: bytes = b""

    def framed(self) -> bytes:
        """Return the record as bytes of a spool."""
        return framed(self.raw_facts, self.request, self.response)


class SpoolFull(OSError):
    """The spool has reached its limit: nothing was moved to the store for long."""


class Spool:
    """The writing side. Only one process at a time can write to a folder.

    Args:
        folder: its own; other users cannot read it.
        max_mb: its largest size.
        segment_mb: size at which a new file begins.
        sync: force each record to the disk before continuing.

    Raises:
        ServeError: another process writes to it.
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
        """Write one record, completely or not at all.

        Raises:
            SpoolFull: it would exceed the limit.
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
            # Cutting off what was just written always works, on a full disk too.
            os.ftruncate(self._file, self._size)
            os.lseek(self._file, self._size, os.SEEK_SET)
            raise
        self._size += len(raw)
        if self._size >= self._segment:
            # The record is written; if no new file can be made, this one continues.
            with suppress(OSError):
                self._next()

    def measure(self) -> int:
        """Return how many bytes wait, measured from the folder."""
        total = 0
        for path in segments(self._folder):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        self._behind = max(total - self._size, 0)
        return total

    def close(self) -> None:
        """Release the folder for another process."""
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
    """Return a record as bytes of a spool: mark, checksum, lengths, facts, bodies."""
    check = zlib.crc32(response, zlib.crc32(request, zlib.crc32(raw_facts)))
    head = _HEAD.pack(_MARK, check, len(raw_facts), len(request), len(response))
    return b"".join((head, raw_facts, request, response))


def _written(facts: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(facts)
    except TypeError:  # a lone surrogate in a model's name: valid in JSON, not in UTF-8
        return json.dumps(facts).encode()


def locked(path: Path) -> IO[str] | None:
    """Return a file that this process alone has locked, or None."""
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
    """Yield complete records of a segment from an offset, each with the offset of the next.

    Args:
        most: no further record is read after this many bytes.
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
    """Return the offset of the next complete record after damaged bytes; None if there is none."""
    raw = path.read_bytes()
    while (offset := raw.find(_MARK, offset)) >= 0:
        if next(read(path, offset, 1), None) is not None:
            return offset
        offset += 1
    return None
