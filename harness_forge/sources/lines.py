"""JSON values of a file, one at a time, each with its place. Constant memory.

What cannot be read is yielded as well, as a `LeftOut` with the reason: the
reader of the values decides nothing about it, and loses nothing.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from harness_forge.sources.config import Layout
from harness_forge.sources.files import opened
from harness_forge.sources.records import LeftOut

BROKEN_ARRAY = "broken_array"
"""Reason of an element behind which nothing can be found any more."""

_BLOCK = 1 << 16
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_SLACK = 64
"""A fault so near the end of what was read may only mean that more must be read."""


class Value(NamedTuple):
    """A JSON value and where it stands: line or element, from 1."""

    place: int
    value: Any


def values(path: Path, layout: Layout, max_line_mb: int) -> Iterator[Value | LeftOut]:
    """Yield the values of a file in their order."""
    limit = max_line_mb << 20
    with opened(path) as file:
        if layout is Layout.auto:
            layout = _seen_layout(path)
        yield from (_elements if layout is Layout.array else _lines)(file, limit)


def _seen_layout(path: Path) -> Layout:
    with opened(path) as file:
        start = file.read(_BLOCK).removeprefix(b"\xef\xbb\xbf").lstrip()
    return Layout.array if start.startswith(b"[") else Layout.lines


def _lines(file: BinaryIO, limit: int) -> Iterator[Value | LeftOut]:
    place = 0
    while line := file.readline(limit + 1):
        place += 1
        if len(line) > limit:
            yield LeftOut(place, "too_long", f"over {limit >> 20} MB", malformed=True)
            while line and not line.endswith(b"\n"):
                line = file.readline(_BLOCK)
            continue
        if place == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield _parsed(line, place)


def _parsed(line: bytes, place: int) -> Value | LeftOut:
    try:
        return Value(place, loads(line))
    except ValueError as error:
        # The writer of a log may be in the middle of its last line.
        return LeftOut(
            place, "not_json", _said(error), malformed=True, pending=not line.endswith(b"\n")
        )


def loads(text: bytes | str) -> Any:
    """Return the value of JSON text, lone surrogates and NaN included.

    Raises:
        ValueError: it is none.
    """
    try:
        return orjson.loads(text)
    except ValueError:
        # orjson is strict; Python's own reader knows what models write.
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("is nested too deeply") from None


def _elements(file: BinaryIO, limit: int) -> Iterator[Value | LeftOut]:
    """Yield the elements of an array. Beyond a broken one nothing can be found any more."""
    array, place = _Array(file, limit), 0
    try:
        while array.more():
            place += 1
            yield Value(place, array.next())
    except ValueError as error:
        said = f"{_said(error)}; nothing behind it can be read"
        yield LeftOut(max(place, 1), BROKEN_ARRAY, said, malformed=True)
    finally:
        array.leave()


class _Array:
    """A JSON array that is decoded as it is read.

    Args:
        limit: characters that one element may have.
    """

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._decoder, self._limit = json.JSONDecoder(), limit
        self._text, self._at = "", 0
        self._fill()
        self._at = self._text.find("[") + 1

    def leave(self) -> None:
        """Leave the file to whoever opened it."""
        self._file.detach()

    def more(self) -> bool:
        """Go to the next element; False at the end of the array.

        Raises:
            ValueError: the file ends before the array does.
        """
        while True:
            self._at = _BETWEEN.match(self._text, self._at).end()
            if self._at < len(self._text):
                return self._text[self._at] != "]"
            if not self._fill():
                raise ValueError("the file ends within the array")

    def next(self) -> Any:
        """Return the element.

        Raises:
            ValueError: it is no JSON, or too long.
        """
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                # A number may go on in what was not read yet.
                if end < len(self._text) or not self._fill():
                    self._at = end
                    return value
            except RecursionError:
                raise ValueError("is nested too deeply") from None
            except json.JSONDecodeError as error:
                held = len(self._text) - self._at
                if held > self._limit:
                    raise ValueError(f"over {self._limit >> 20} MB") from None
                torn = "Unterminated" in error.msg or error.pos > len(self._text) - _SLACK
                if not torn or not self._fill():
                    raise ValueError(error.msg) from None

    def _fill(self) -> bool:
        """Read as much again as is held, so that a long element is not read over and over."""
        held = self._text[self._at :]
        read = self._file.read(max(len(held), _BLOCK))
        self._text, self._at = held + read, 0
        return bool(read)


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return str(error).splitlines()[0][:120]
