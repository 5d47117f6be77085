"""Evaluation suites in files: every text of every line is protected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from harness_forge.errors import ExportError


def texts(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the texts of a suite of JSON lines, such as BFCL's: its name with the line, a text.

    Raises:
        ExportError: it cannot be read, or a line is no JSON.
    """
    where = f"contamination.suites.{name}"
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield from ((f"{name}:{number}", text) for text in _texts(orjson.loads(line)))
    except OSError as error:
        raise ExportError(where, f"cannot be read: {path}: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        hint = "a suite is a file of JSON lines"
        raise ExportError(where, f"{path} line {number}: {error}", hint) from None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
