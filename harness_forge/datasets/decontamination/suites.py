"""Reads evaluation suites from files: every text of every line is protected."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from harness_forge.core.errors import ExportError
from harness_forge.core.jsontext import strings

_ENDINGS = (".jsonl", ".json", ".csv")
_WHOLE = ("bundle.json",)
"""Files of a folder that hold no items."""


def texts(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yield name with file and line, and text, for each text of a suite such as BFCL.

    A text of one word is left out: names of parameters and categories are in
    everything that has tools.

    Args:
        path: a file of JSON lines or a CSV file, either of them gzipped or
            not; or a folder with such files.

    Raises:
        ExportError: it cannot be read, a line is no JSON, or a folder holds no such file.
    """
    where = f"contamination.suites.{name}"
    files = _files(path) if path.is_dir() else [path]
    if not files:
        raise ExportError(where, f"{path} holds no file of lines", f"a suite is {_overlaps()}")
    for file in files:
        owner = f"{name}/{file.relative_to(path).as_posix()}" if path.is_dir() else name
        for number, value in _lines(where, file):
            yield from (
                (f"{owner}:{number}", text) for text in strings(value) if _is_distinctive(text)
            )


def _files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name.removesuffix(".gz").endswith(_ENDINGS)
        and file.name not in _WHOLE
    )


def _lines(where: str, file: Path) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            if file.name.removesuffix(".gz").endswith(".csv"):
                decoded = (line.decode("utf-8", "replace") for line in lines)
                yield from enumerate(csv.reader(decoded), start=1)
                return
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, orjson.loads(line)
    except (OSError, EOFError) as error:
        overlaps = getattr(error, "strerror", None) or error
        raise ExportError(where, f"cannot be read: {file}: {overlaps}") from None
    except (orjson.JSONDecodeError, csv.Error) as error:
        what = f"{file} line {number}: {error}"
        raise ExportError(where, what, f"a suite is {_overlaps()}") from None


def _is_distinctive(text: str) -> bool:
    """Return whether a text has several words, or is in a script without spaces."""
    return not text.isascii() or len(text.split(None, 1)) > 1


def _overlaps() -> str:
    return "a file of JSON lines or CSV, or a folder of them"
