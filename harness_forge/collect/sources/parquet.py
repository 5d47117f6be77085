"""The rows of a Parquet file as records, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.core.errors import SourceError

_AT_ONCE = 16
_BUFFER = 1 << 16
"""Bytes of a column that are read at once, so that a row group need not fit in memory."""


class _NoJson(Exception):
    """A value that JSON has no form for; `args[0]` says which."""


def rows(path: Path) -> Iterator[LocatedValue | LeftOut]:
    """Yield the rows of a file in their order; a place is a row's number.

    Nulls stay: a Parquet file cannot tell a field that is absent from one that
    is null, and what they stand for is decided where arguments are read.

    Raises:
        SourceError: pyarrow is not installed, or the file is damaged.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise SourceError(
            str(path),
            "is a Parquet file",
            "pip install 'harness-forge[parquet]', or write it as JSON lines",
        ) from None
    place = 0
    try:
        with ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            for batch in file.iter_batches(_AT_ONCE):
                for row in _rows(batch):
                    place += 1
                    yield _value(place, row)
    except (pyarrow.ArrowException, OSError) as error:
        said = str(error).strip().splitlines()[0][:200]
        at = f" behind row {place}" if place else ""
        raise SourceError(
            str(path), f"cannot be read as Parquet{at}: {said}", "is it whole?"
        ) from None


def _rows(batch: Any) -> Iterator[dict[str, Any] | _NoJson]:
    """Yield the rows of a batch; one with a value that Python cannot hold is a fault alone."""
    try:
        rows_ = batch.to_pylist()
    except (ValueError, OverflowError):  # a text that is no UTF-8, a time beyond the calendar
        rows_ = [_row(batch, at) for at in range(batch.num_rows)]
    yield from rows_


def _row(batch: Any, at: int) -> dict[str, Any] | _NoJson:
    try:
        return batch.slice(at, 1).to_pylist()[0]
    except (ValueError, OverflowError) as error:
        return _NoJson(f"a value that cannot be read: {error}"[:120])


def _value(place: int, row: dict[str, Any] | _NoJson) -> LocatedValue | LeftOut:
    try:
        if isinstance(row, _NoJson):
            raise row
        return LocatedValue(place, _plain(row))
    except _NoJson as error:
        return LeftOut(place, "not_json", error.args[0], malformed=True)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: times as ISO text, decimals as text, maps as objects."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        entries = bool(value) and all(isinstance(one, tuple) and len(one) == 2 for one in value)
        if entries:  # how Arrow gives a map
            return {str(name): _plain(one) for name, one in value}
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise _NoJson("a value of bytes that are no text") from None
    raise _NoJson(f"a value of type {type(value).__name__}")
