"""JSON values of a file, one at a time, each with its place. Constant memory.

What cannot be read is yielded as well, as a `LeftOut` with the reason: the
reader of the values decides nothing about it, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness_forge.collect.sources import parquet, signatures
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.scanning import BROKEN_ARRAY, Scanner
from harness_forge.collect.sources.texts import RecordRefused, demand_whole, loads
from harness_forge.collect.sources.unpacking import as_utf8, beginning, faults, opened
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.collect.sources.wrapped import WrappedRecords
from harness_forge.config.source import Layout
from harness_forge.core.errors import SourceError

__all__ = ["BROKEN_ARRAY", "LocatedValue", "loads", "values"]

_BLOCK = 1 << 16
_BOM = b"\xef\xbb\xbf"
_MANY = 1000
"""Blank lines in a row behind which whole blocks of them are passed over."""


def values(
    path: Path, layout: Layout, max_line_mb: int, records: str = ""
) -> Iterator[LocatedValue | LeftOut]:
    """Yield the values of a file in their order, however they lie in it.

    A line is read as one value first; where it is none, values are looked
    for in it and in what follows: several a line, one over several lines,
    the elements of arrays. Of a Parquet file the values are its rows.

    Args:
        records: dotted key of the list that holds the values, in each object of the file.

    Raises:
        SourceError: the file cannot be unpacked, or cannot be read to its end.
    """
    try:
        yield from _values(path, layout, max_line_mb, records)
    except faults() as error:
        raise SourceError(
            str(path), f"cannot be read to its end: {error}", "is it whole, and left alone?"
        ) from None


def _values(
    path: Path, layout: Layout, max_line_mb: int, records: str
) -> Iterator[LocatedValue | LeftOut]:
    limit = max_line_mb << 20
    start = beginning(path, _BLOCK)
    if start.startswith(signatures.PARQUET):
        if records:
            raise SourceError(
                str(path), "is a Parquet file: its rows are its records", "leave source.records out"
            )
        yield from parquet.rows(path)
        return
    with opened(path) as file:
        text = as_utf8(file)
        if layout is Layout.auto:
            layout = _seen_layout(start)
        if records:
            yield from WrappedRecords(text, limit, records.split(".")).values()
        elif layout is Layout.array:
            yield from Scanner(text, limit).values()
        else:
            yield from _lines(text, limit)
        if trailing := getattr(getattr(file, "raw", None), "trailing", 0):
            said = f"{trailing} bytes behind the packed data are not gzip"
            yield LeftOut(1, "trailing_bytes", said, malformed=True)


def _seen_layout(start: bytes) -> Layout:
    while start.startswith(_BOM):
        start = start.removeprefix(_BOM)
    return Layout.array if start.lstrip().startswith(b"[") else Layout.lines


def _lines(file: BinaryIO, limit: int) -> Iterator[LocatedValue | LeftOut]:
    place = blank = blanks = 0
    while line := file.readline(limit + 1):
        place += 1
        if line.isspace() and len(line) <= limit:
            blank, blanks = blank + 1, blanks + len(line)
            if blank >= _MANY:
                lines, size = _pass_blank(file)
                place, blanks = place + lines, blanks + size
                if blanks > limit >= blanks - size - len(line):
                    yield LeftOut(place, "blank", f"over {limit >> 20} MB of it", malformed=True)
            continue
        blank = blanks = 0
        if (value := _whole(line, place)) is not None:
            yield value
            continue
        scanner = Scanner(file, limit, place, line, lines=True)
        yield from scanner.values()
        place = scanner.place - 1


def _whole(line: bytes, place: int) -> LocatedValue | LeftOut | None:
    """Return what a line is by itself; None where it must be looked at more closely."""
    try:
        value = loads(line)
    except ValueError:
        return None
    if isinstance(value, list) and value:
        return None
    try:
        demand_whole(value, line)
    except RecordRefused as error:
        return LeftOut(place, *error.args, malformed=True)
    return LocatedValue(place, value, line)


def _pass_blank(file: BinaryIO) -> tuple[int, int]:
    """Pass over blocks that hold nothing but blanks; return how many lines and bytes."""
    lines = size = 0
    while ahead := file.peek(1):
        blank = len(ahead) - len(ahead.lstrip())
        if blank < len(ahead):
            blank = ahead.rfind(b"\n", 0, blank) + 1  # the text before a record belongs to it
        lines, size = lines + ahead.count(b"\n", 0, blank), size + blank
        file.read(blank)
        if blank < len(ahead):
            break
    return lines, size
