"""JSON values anywhere in a text: in arrays, over several lines, side by side.

The text is decoded as it is read, so that a file may be one array of any
length. Behind a value that is broken the next one is looked for: at its own
closing bracket where its brackets balance, else at the start of a later
record.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.texts import TOO_DEEP, RecordRefused, demand_whole
from harness_forge.collect.sources.values import LocatedValue

BROKEN_ARRAY = "broken_array"
"""Reason for the last value if the file ends within an array."""

_BLOCK = 1 << 16
_FAR = 4 << 20
"""Characters within which a broken value's closing bracket is looked for."""
_SLACK = 64
"""A fault so near the end of what was read may only mean that more must be read."""
_BETWEEN = re.compile("[ \t\r\n,\ufeff\x1e]*")
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]]')
_LINE_END = re.compile(r"\n")
_AFTER_GARBAGE = re.compile(r"[,\[\]{\n]")
_RECORD = re.compile(r"\n(?=[\[{][^\r\n])")
"""The start of a line that may be a record of JSON lines."""
_ELEMENT = re.compile(r"\n[ \t]{0,4},?[ \t]{0,4}(?=\{)|(?<=\}),[ \t]*(?=\{)")
_WRAPPER = re.compile(r'\{\s*(?:"\w+"\s*:\s*(?:"[^"]*"|[\w.-]+)\s*,\s*)*"(\w+)"\s*:\s*\[\s*\{')
"""An object with a list of objects as its first value that is no text or number."""
_NO_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as they are read here."""


def records_hint(key: str) -> str:
    """Return what is added to a fault of a value in which the records may be a list."""
    return f"; if its records lie within it: source.records={key}"


class UnreadableValue(Exception):
    """A value that cannot be read; `args` are reason, detail and where in the text the fault is."""


class Scanner:
    """Finds values in a text that goes on in a file.

    Args:
        file: read for as long as a value, or an array, goes on.
        limit: characters that one value may have.
        place: of the first value.
        start: what was read of the file already.
        lines: places are lines, and a line that ends outside any value or
            array ends the scan. Otherwise they number the values of the whole file.
    """

    def __init__(
        self, file: BinaryIO, limit: int, place: int = 1, start: bytes = b"", lines: bool = False
    ) -> None:
        self.place = place
        self._file, self._limit, self._lines = file, limit, lines
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._far = min(limit, _FAR)
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended = self._decode(start), 0, False
        self._in_array, self._keys, self._blank = False, [], 0

    def values(self) -> Iterator[LocatedValue | LeftOut]:
        """Yield values, and what cannot be read, in their order."""
        while self._next():
            if self._blank > self._limit:
                yield LeftOut(self.place, "blank", f"over {self._limit >> 20} MB of it", True)
            bracket = self._text[self._at]
            if bracket == ("]" if self._in_array else "["):
                self._in_array = bracket == "["
                self._go(self._at + 1)
                continue
            yield self._value()
            self.place += not self._lines
        if self._in_array:
            yield LeftOut(self.place, BROKEN_ARRAY, "the file ends within the array", True)

    def _next(self) -> bool:
        """Go to the next value or bracket; False where there is none."""
        self._blank = 0
        while True:
            end = _BETWEEN.match(self._text, self._at).end()
            self._blank += end - self._at
            line_ended = self._text[end - 1 : end] == "\n"
            self._go(end)
            if self._at < len(self._text):
                return True
            if line_ended and self._lines and not self._in_array:
                return False
            if not self._fill():
                return False

    def _value(self) -> LocatedValue | LeftOut:
        place = self.place
        try:
            value, end = self._decoded()
        except UnreadableValue as error:
            return self._passed_over(*error.args)
        text = self._text[self._at : end]
        self._go(end)
        try:
            if not text.isascii() and _NO_UTF8.search(text):
                raise RecordRefused("not_json", "is no UTF-8")
            demand_whole(value, text)
        except RecordRefused as error:
            return LeftOut(place, *error.args, malformed=True)
        if isinstance(value, dict):
            self._keys = list(value)
        return LocatedValue(place, value, text)

    def _decoded(self) -> tuple[Any, int]:
        """Return the value and where it ends; read on as long as it does not.

        Raises:
            UnreadableValue: it is no JSON, or too long.
        """
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except (RecursionError, ValueError) as error:
                held = len(self._text) - self._at
                if isinstance(error, RecursionError):
                    raise UnreadableValue("too_deep", TOO_DEEP, self._at) from None
                if not isinstance(error, json.JSONDecodeError):  # thousands of digits
                    raise UnreadableValue(
                        "not_json", str(error).partition(";")[0], self._at
                    ) from None
                if held > self._limit:
                    raise UnreadableValue("too_long", self._length(), self._at) from None
                torn = "Unterminated" in error.msg or error.pos > len(self._text) - _SLACK
                pos = error.pos - self._at
                if not torn or not self._fill():
                    said = f"{error.msg} at character {pos + 1}"
                    raise UnreadableValue("not_json", said, self._at + pos) from None
                continue
            # A number may go on in what was not read yet.
            if end < len(self._text) or isinstance(value, dict | list | str) or not self._fill():
                return value, end

    def _length(self) -> str:
        """Return that a value is too long; name the key of a list that it begins with."""
        wrapper = _WRAPPER.match(self._text, self._at)
        hint = records_hint(wrapper[1]) if wrapper else ""
        return f"over {self._limit >> 20} MB{hint}"

    def _passed_over(self, reason: str, said: str, fault: int) -> LeftOut:
        """Skip a broken value, up to where the next one may begin."""
        place, opened = self.place, self._text[self._at] in "{["
        end = None if reason == "too_long" else self._balanced_end()
        if end is not None:
            self._go(end)
            return LeftOut(place, reason, said, malformed=True)
        if not opened:
            found = self._seek(_LINE_END if self._lines else _AFTER_GARBAGE)
        elif self._in_array:
            found = self._seek(self._like_others() or _ELEMENT)
        else:
            # Where the fault is in a later line it may have been a value of several.
            within = "\n" not in self._text[self._at : fault] or reason == "too_long"
            found = self._seek(_LINE_END if within else _RECORD)
        if self._in_array and not found:
            self._in_array = False
            return LeftOut(place, BROKEN_ARRAY, said, malformed=True)
        # The writer of a log may be in the middle of its last line.
        pending = not found and not self._text.endswith("\n") and opened
        return LeftOut(place, reason, said, malformed=True, pending=pending)

    def _balanced_end(self) -> int | None:
        """Return where the brackets of a broken value are closed, before a line begins a record."""
        if self._text[self._at] not in "{[":
            return None
        while True:
            record = _RECORD.search(self._text, self._at + 1)
            bound = record.start() if record else len(self._text)
            end, balances = _closed(self._text, self._at, bound)
            end = self._element_before(end) if end else None
            held = len(self._text) - self._at
            if end or not balances or record or held > self._far or not self._fill():
                return end

    def _like_others(self) -> re.Pattern[str] | None:
        """Return what finds objects that begin as the record before did."""
        if not self._keys:
            return None
        return re.compile(rf"\{{\s*{re.escape(json.dumps(self._keys[0]))}\s*:")

    def _element_before(self, end: int) -> int:
        """Return where a record begins that a quote left open would hide; else `end`."""
        pattern = self._like_others()
        if self._in_array and pattern:
            for match in pattern.finditer(self._text, self._at + 1, end):
                with suppress(ValueError, RecursionError):
                    value, _ = self._json.raw_decode(self._text, match.start())
                    if list(value) == self._keys:
                        return match.start()
        return end

    def _seek(self, pattern: re.Pattern[str]) -> bool:
        """Go to the next match of a pattern, keeping nothing of what is passed over."""
        self._go(self._at + 1)
        while not (found := pattern.search(self._text, self._at)):
            self._go(max(self._at, len(self._text) - _SLACK))
            if not self._fill():
                self._go(len(self._text))
                return False
        self._go(found.start())
        return True

    def _seek_record(self, from_here: bool) -> bool:
        """Go to the next line that may begin a record.

        Args:
            from_here: it may be the line that begins here.
        """
        if from_here:
            self._go(max(self._at - 2, 0))  # the search begins one further
        return self._seek(_RECORD)

    def _go(self, to: int) -> None:
        if self._lines:
            self.place += self._text.count("\n", self._at, to)
        self._at = to

    def _fill(self) -> bool:
        """Read as much again as is held, so that a long value is not read over and over."""
        if self._ended:
            return False
        held = self._text[self._at :]
        read = self._file.read(max(len(held), _BLOCK))
        # A scan may end where a line does.
        read += self._file.readline(_BLOCK) if self._lines else b""
        self._ended = not read
        self._text, self._at = held + self._decode(read, final=not read), 0
        return bool(read) or len(self._text) > len(held)


def _closed(text: str, start: int, bound: int) -> tuple[int | None, bool]:
    """Return where the bracket at `start` is closed, and whether brackets are paired so far."""
    opened = []
    for token in _TOKEN.finditer(text, start, bound):
        word = token[0]
        if word in "{[":
            opened.append(_PAIRS[word])
        elif word in "}]" and opened.pop() != word:
            return None, False
        if not opened:
            return token.end(), True
    return None, True


_PAIRS = {"{": "}", "[": "]"}
