"""Writes lines as a Parquet file, with column types inferred from all lines.

The type is only known at the end, so lines wait in a file of their own. It is
worked out here and not by Arrow's JSON reader, which takes a text that looks
like a date for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow
import pyarrow.parquet

from harness_forge.core import jsontext
from harness_forge.core.errors import ExportError

_GROUP = 1000
"""Lines of one row group; all that is ever held."""

_SCALARS = {
    str: pyarrow.string(),
    bool: pyarrow.bool_(),
    int: pyarrow.int64(),
    float: pyarrow.float64(),
}

Shape = dict | list | type | None
"""What a value is made of: fields by name, a list's one item, a plain type, or nothing known."""


class ParquetLines:
    """Collects lines and writes them as a Parquet file when closed.

    Args:
        path: the file; lines wait beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._waiting = path, path.with_name(f".{path.name}.lines")
        self._file = self._waiting.open("wb")
        self._lines = 0
        self._shape: Shape = None
        self._closed: dict[str, Any] | None = None

    def extend(self, lines: Sequence[bytes]) -> int:
        """Append lines without their newlines; return the number of the first, from 1."""
        for line in lines:
            self._shape = _joined(self._shape, _shape(jsontext.loads(line)))
            self._file.write(line)
            self._file.write(b"\n")
        self._lines += len(lines)
        return self._lines - len(lines) + 1

    def close(self) -> dict[str, Any]:
        """Write the file; return lines, bytes and sha256.

        Raises:
            ExportError: two lines have values of different types in one place.
        """
        if self._closed is None:
            self._file.close()
            self._write()
            self._waiting.unlink()
            with self._path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = self._path.stat().st_size
            self._closed = {"lines": self._lines, "bytes": size, "sha256": digest}
        return self._closed

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._file.close()

    def _write(self) -> None:
        schema = pyarrow.schema(list(_type(self._shape)))
        with (
            self._waiting.open("rb") as lines,
            pyarrow.parquet.ParquetWriter(self._path, schema, compression="zstd") as writer,
        ):
            while group := [jsontext.loads(line) for line in islice(lines, _GROUP)]:
                writer.write_table(pyarrow.Table.from_pylist(group, schema))


def lines(path: Path) -> Iterator[bytes]:
    """Yield the rows of a Parquet file as JSON lines, without the fields that are null."""
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(_GROUP):
            for row in batch.to_pylist():
                yield jsontext.dumps(_without_nulls(row), option=orjson.OPT_APPEND_NEWLINE)


def _shape(value: Any) -> Shape:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        item: Shape = None
        for one in value:
            item = _joined(item, _shape(one))
        return [item]
    return None if value is None else type(value)


def _joined(one: Shape, other: Shape) -> Shape:
    """Return the shape that covers both.

    Raises:
        ExportError: there is none.
    """
    if one is None or other is None or one == other:
        return other if one is None else one
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {name: _joined(one.get(name), item) for name, item in other.items()}
    if isinstance(one, list) and isinstance(other, list):
        return [_joined(one[0], other[0])]
    if (one, other) in ((int, float), (float, int)):
        return float
    raise ExportError(
        "format.extension=parquet",
        f"lines hold values of different types in one place: {_named(one)} and {_named(other)}",
        "format.extension=jsonl holds anything",
    )


def _named(shape: Shape) -> str:
    return shape.__name__ if isinstance(shape, type) else type(shape).__name__


def _type(shape: Shape) -> pyarrow.DataType:
    if isinstance(shape, dict):
        return pyarrow.struct([(name, _type(item)) for name, item in shape.items()])
    if isinstance(shape, list):
        return pyarrow.list_(_type(shape[0]))
    return _SCALARS[shape] if shape else pyarrow.string()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
