"""A dataset's folder: written to a draft, then put in place whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.dataset_files import MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.datasets.formats.endings import ENDINGS, LinesFile


class DatasetFolder:
    """Writes files into a hidden sibling of `path` and renames it at the end.

    Leave the `with` block without `publish()` and nothing remains. A process
    that was killed leaves the hidden sibling, which the next export of the
    same dataset clears; the lock on it dies with its holder.

    Args:
        path: the dataset's folder; one that is there is replaced if it is a
            dataset, and left alone otherwise.

    Raises:
        ExportError: another export is writing there, something else is in
            the way, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.parent / f".{path.name}.partial"
        self._previous = path.parent / f".{path.name}.previous"
        self._files: dict[str, LinesFile] = {}
        self._lock = -1
        self._published = False

    def __enter__(self) -> DatasetFolder:
        if self.path.exists() and not _is_dataset(self.path):
            raise ExportError(
                str(self.path),
                "is in the way and is no dataset",
                "move it away, or choose another export.name or data_dir",
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._claim()
            for left_over in self._partial.iterdir():
                _remove(left_over)
        except BaseException as error:
            self._discard()
            if isinstance(error, OSError):
                raise self._translate_error(error) from None
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for file in self._files.values():
            file.abandon()
        if not self._published:
            shutil.rmtree(self._partial, ignore_errors=True)
        os.close(self._lock)
        if isinstance(error, OSError):
            raise self._translate_error(error) from None

    def write(self, name: str, record: Mapping[str, Any]) -> int:
        """Append `record` to the JSONL file `name`; return its line, from 1."""
        return self.extend(name, (jsontext.dumps(record),))

    def extend(self, name: str, lines: Sequence[bytes]) -> int:
        """Append lines without their newlines to the file `name`; return the first's number.

        How the name ends says what is written, see endings.py.
        """
        file = self._files.get(name)
        if file is None:
            ending = name.partition(".")[2]
            file = self._files[name] = ENDINGS[ending](self._partial / name)
        return file.extend(lines)

    @property
    def draft(self) -> Path:
        """The folder that holds the files until `publish()`."""
        return self._partial

    @property
    def scratch(self) -> Path:
        """A folder for temporary files, removed before `publish()`."""
        scratch = self._partial / ".scratch"
        scratch.mkdir(exist_ok=True)
        return scratch

    def finish(self) -> dict[str, dict[str, Any]]:
        """Close the data files; return lines, bytes and sha256 of each by name."""
        return {name: self._files[name].close() for name in sorted(self._files)}

    def text(self, name: str, text: str) -> None:
        """Write a small file whole."""
        with (self._partial / name).open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def publish(self) -> None:
        """Put the folder in place. It replaces the previous dataset."""
        shutil.rmtree(self._partial / ".scratch", ignore_errors=True)
        _remove(self._previous)
        if self.path.exists():
            self.path.rename(self._previous)
        self._partial.rename(self.path)
        self._published = True  # from here on the hidden name may be another export's
        _remove(self._previous)

    def _claim(self) -> None:
        """Make the draft and lock it.

        Raises:
            ExportError: another export holds it.
            OSError: it cannot be made.
        """
        while True:
            self._partial.mkdir(exist_ok=True)
            self._lock = os.open(self._partial, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Its last holder may have renamed or removed it since it was opened.
                if os.fstat(self._lock).st_ino == self._partial.stat().st_ino:
                    return
            except BlockingIOError:
                raise ExportError(
                    str(self.path),
                    "another export is writing this dataset",
                    "wait for it, or give this one another export.name",
                ) from None
            except FileNotFoundError:
                pass
            os.close(self._lock)
            self._lock = -1

    def _discard(self) -> None:
        """Remove a draft that was interrupted while it was made, unless another holds it."""
        try:
            if self._lock < 0:
                self._lock = os.open(self._partial, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(self._partial, ignore_errors=True)
        except OSError:  # none was made, or another export holds it
            pass
        finally:
            if self._lock >= 0:
                os.close(self._lock)

    def _translate_error(self, error: OSError) -> ExportError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return ExportError(
                str(self.path),
                "the disk is full",
                "nothing was left behind; free some space or set data_dir=…",
            )
        where = f"{error.filename}: " if error.filename else ""
        what = f"cannot be written: {where}{error.strerror or error}"
        return ExportError(str(self.path), what, "set data_dir=… to a folder of yours")


def _is_dataset(path: Path) -> bool:
    return path.is_dir() and ((path / MANIFEST).is_file() or not any(path.iterdir()))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
