"""Writes files atomically.

A killed stage must leave nothing that looks finished, so everything is written under a
temporary name and renamed.
"""

from __future__ import annotations

import fcntl
import glob
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_HOUR_S = 3600.0


def existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that is there."""
    path = path.absolute()
    return next(one for one in (path, *path.parents) if one.exists())


def shown_path(path: Path) -> str:
    """Return the shortest true form of a path: relative below the current folder, else absolute."""
    whole, here = path.resolve(), Path.cwd().resolve()
    return str(whole.relative_to(here) if whole.is_relative_to(here) else whole)


def write_text(path: Path, text: str) -> None:
    """Write a text file; make its folder.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield the name of a file beside `path`; it replaces `path` when the block succeeds.

    If the block fails, `path` is unchanged. What a killed process left beside it is
    deleted.

    Raises:
        OSError: it cannot be moved, or its folder cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    for left in _left_beside(path):
        # Another container that shares the folder has processes that are not seen here.
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > _HOUR_S:
                left.unlink()
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _left_beside(path: Path) -> list[Path]:
    """Return the drafts of a file or folder whose processes are gone."""
    found = path.parent.glob(f".{glob.escape(path.name)}.*")
    known = [(one, one.suffix[1:]) for one in found]
    return [one for one, pid in known if pid.isdigit() and not Path("/proc", pid).exists()]


def write_all(handle: int, data: bytes) -> None:
    """Write all data to an open file; a single write may be partial.

    Raises:
        OSError: it cannot be written; a part may have been.
    """
    while data:
        data = data[os.write(handle, data) :]


def whole(raw: bytes) -> int:
    """Return the number of bytes up to the last newline."""
    return raw.rfind(b"\n") + 1


def is_object(line: bytes) -> bool:
    """Return whether a line is a JSON object; a truncated one is not."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def finished(raw: bytes, keeps: Callable[[bytes], bool] = is_object) -> bytes:
    """Return the whole lines; a partial last line of a killed writer is cut off.

    Args:
        keeps: whether a last line that lacks only its end is one; it gets its end then.
    """
    end = whole(raw)
    return raw + b"\n" if end < len(raw) and keeps(raw[end:]) else raw[:end]


def add_line(handle: int, line: bytes) -> None:
    """Append one line to an open file, whole or not at all.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    end = os.fstat(handle).st_size
    try:
        write_all(handle, line + b"\n")
    except OSError:
        os.ftruncate(handle, end)
        raise


def mend(handle: int, keeps: Callable[[bytes], bool] = is_object) -> bytes:
    """Cut off a partial last line of a file, as `finished` does, and return the contents.

    Raises:
        OSError: it cannot be written.
    """
    raw = os.pread(handle, os.fstat(handle).st_size, 0)
    text = finished(raw, keeps)
    if len(text) > len(raw):
        write_all(handle, b"\n")
    elif len(text) < len(raw):
        os.ftruncate(handle, len(text))
    return text


def append(path: Path, line: bytes) -> None:
    """Append a line to a file, creating it if needed, after cutting off a partial last line.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        mend(file.fileno())
        add_line(file.fileno(), line)


def write_json(path: Path, value: Any, *, sort_keys: bool = False) -> None:
    """Write a value as indented JSON; raises as `write_text` does."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, sort_keys=sort_keys) + "\n")


@contextmanager
def locked(path: Path, busy: Exception | None = None) -> Iterator[None]:
    """Hold a file's lock; the system releases it when the process dies.

    Args:
        path: of the lock; it is made, and stays.
        busy: raised if another process holds it; None waits for it.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise busy from None
        yield


@contextmanager
def whole_folder(place: Path) -> Iterator[Path]:
    """Yield a new folder beside `place`; it replaces `place` when the block succeeds.

    If the block fails, `place` is unchanged. What a killed process left beside it is
    deleted.

    Raises:
        OSError: it cannot be made or moved.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in _left_beside(place):
        shutil.rmtree(left, ignore_errors=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
        yield draft
        if place.is_symlink() or place.is_file():
            place.unlink()
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
