"""Reads a dataset's folder; never writes to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from harness_forge.core import jsontext
from harness_forge.core.dataset_files import MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.core.hints import did_you_mean
from harness_forge.datasets.formats.endings import is_plain, read_lines

SPLITS = ("train", "validation")
_CHUNK = 1 << 18
"""Bytes hashed at a time."""


class FileFacts(NamedTuple):
    """What a file is: size in bytes, -1 where there is none; hash; lines."""

    size: int
    sha256: str
    lines: int


@dataclass(frozen=True)
class Dataset:
    """The files of one dataset.

    Args:
        path: its folder.
        manifest: what it says of itself.
    """

    path: Path
    manifest: dict[str, Any]

    @classmethod
    def of(cls, path: Path) -> Dataset:
        """Open a folder.

        Raises:
            ExportError: it is no dataset, or its manifest cannot be read.
        """
        hint = "name the folder that `forge export` wrote, such as data/stig_worker_sft"
        try:
            manifest = jsontext.loads((path / MANIFEST).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise ExportError(str(path), *_no_dataset(path, hint)) from None
        except OSError as error:
            raise ExportError(str(path), f"cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise ExportError(f"{path}/manifest.json", f"is no JSON: {error}", hint) from None
        if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
            raise ExportError(f"{path}/manifest.json", "lists no files", hint)
        return cls(path, manifest)

    @cached_property
    def data_files(self) -> dict[str, str]:
        """File name by split, for splits that have a file."""
        return {
            split: name
            for name in sorted(self.manifest["files"])
            for split in SPLITS
            if name.startswith(f"{split}.")
        }

    def records(self, name: str) -> Iterator[tuple[int, Any]]:
        """Yield line numbers, from 1, and parsed lines; None for a line that is not JSON."""
        if not (self.path / name).is_file():
            return
        yield from enumerate(jsontext.loads_lines(read_lines(self.path / name)), start=1)

    @cached_property
    def files(self) -> dict[str, FileFacts]:
        """Each file that the manifest names, as it is now."""
        return {name: _facts(self.path / name) for name in self.manifest["files"]}


def _facts(path: Path) -> FileFacts:
    if not path.is_file():
        return FileFacts(-1, "", 0)
    hasher, size, lines, chunk = hashlib.sha256(), 0, 0, b"\n"
    with path.open("rb", buffering=0) as file:
        while found := file.read(_CHUNK):
            chunk = found
            hasher.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
    if is_plain(path):
        lines += chunk[-1:] != b"\n"  # the last line lacks its end
    else:
        lines = sum(1 for _ in read_lines(path))
    return FileFacts(size, hasher.hexdigest(), lines)


def _no_dataset(path: Path, hint: str) -> tuple[str, str]:
    """Return what is wrong with a path that has no manifest, and the remedy."""
    if path.is_file():
        return "is a file, not a dataset", f"give its folder: {path.parent}"
    if path.is_dir():
        return "is no dataset: it has no manifest.json", hint
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    meant = did_you_mean(str(path), map(str, beside))
    return "does not exist", f"{meant}{hint}"
