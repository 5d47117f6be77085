"""Records in a list under a key of an object, such as `{"data": [...]}`, one at a time.

A list of objects within one object is not taken for records by itself: a
conversation in a record looks the same. What a misfit suggests is only said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.scanning import BROKEN_ARRAY, Scanner, UnreadableValue
from harness_forge.collect.sources.values import LocatedValue

_DEEP = 3
"""Levels of an object in which lists are looked for."""
_NO_RECORD = frozenset(("role", "from", "type", "function", "message", "delta"))
"""Keys of messages, of their parts, of tools, of answers and of their pieces."""


def lists_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted paths of lists of objects that are nothing else known."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        here = (*path, str(key))
        if isinstance(inner, list) and inner and all(isinstance(one, Mapping) for one in inner):
            if not _NO_RECORD & inner[0].keys():
                yield ".".join(here)
        elif len(here) < _DEEP:
            yield from lists_in(inner, here)


class WrappedRecords(Scanner):
    """Finds the elements of one list in each object of a file; a place is an element's number.

    Args:
        keys: of the objects that lie within each other, down to the list.
    """

    def __init__(self, file: BinaryIO, limit: int, keys: Sequence[str]) -> None:
        super().__init__(file, limit)
        self._path = keys
        self._opened = False

    def values(self) -> Iterator[LocatedValue | LeftOut]:
        """Yield elements, and what cannot be read, in their order."""
        while self._next():
            try:
                yield from self._elements()
            except UnreadableValue as error:
                reason, said, _ = error.args
                yield LeftOut(self.place, reason, said, malformed=True)
                self.place += 1
                self._in_array = False
                self._seek_record(from_here=self._opened)

    def _elements(self) -> Iterator[LocatedValue | LeftOut]:
        self._opened = False
        for depth, key in enumerate(self._path):
            self._demand("{", ".".join(self._path[:depth]) or "the record")
            self._opened = True
            if not self._member(key):
                raise self._fault("no_records", f"no {'.'.join(self._path[: depth + 1])} in it")
        self._demand("[", ".".join(self._path))
        self._in_array = True
        while self._next() and self._text[self._at] != "]":
            yield (found := self._value())
            self.place += 1
            if isinstance(found, LeftOut) and found.reason == BROKEN_ARRAY:
                return
        if self._at >= len(self._text):
            self._in_array = False
            yield LeftOut(self.place, BROKEN_ARRAY, "the file ends within the list", True)
            return
        self._in_array = False
        self._go(self._at + 1)
        for key in reversed(self._path):
            if self._member(key):
                raise self._fault("doubled_key", f"{key[:80]!r} occurs twice in one object")

    def _member(self, key: str) -> bool:
        """Go to the value of a key of the object that is open; False where the object ends."""
        while self._next():
            if self._text[self._at] == "}":
                self._go(self._at + 1)
                return False
            name = self._passed()
            self._demand(":", "a key")
            if name == key:
                return True
            self._next()
            self._passed()
        raise self._fault("not_json", "the file ends within an object")

    def _passed(self) -> Any:
        """Return the value here, and move behind it."""
        value, end = self._decoded()
        self._go(end)
        return value

    def _demand(self, mark: str, what: str) -> None:
        """Go behind a mark.

        Raises:
            UnreadableValue: something else is here.
        """
        if not self._next():
            raise self._fault("not_json", "the file ends within an object")
        if self._text[self._at] != mark:
            names = {"{": "no object", "[": "no list"}
            reason = "no_records" if mark in names else "not_json"
            raise self._fault(reason, f"{what} is {names.get(mark, 'without a value')}")
        self._go(self._at + 1)

    def _fault(self, reason: str, said: str) -> UnreadableValue:
        return UnreadableValue(reason, said, self._at)
