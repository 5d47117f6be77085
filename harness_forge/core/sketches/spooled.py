"""Very many texts, or rows of numbers, on disk: memory does not grow with them.

What is small stays in memory. A file is temporary, without a name, in the folder that
`TMPDIR` names, and gone when nobody holds it.
"""

from __future__ import annotations

import hashlib
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from tempfile import SpooledTemporaryFile

import numpy as np

_HELD = 16 << 20
"""Bytes that are held in memory before they go to a file."""
_AT_ONCE = 1000
"""Texts that are read together."""


def file_of(holder: object) -> SpooledTemporaryFile:
    """Return a temporary file that is closed when nobody holds its holder."""
    file = SpooledTemporaryFile(_HELD)  # noqa: SIM115
    weakref.finalize(holder, file.close)
    return file


class SpooledTexts(Sequence[str]):
    """Texts by their place; 8 bytes of each are in memory. Written first, read afterwards."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._file = file_of(self)
        self._ends, self._read = array("q", [0]), False
        for text in texts:
            self.append(text)

    def append(self, text: str) -> None:
        """Add a text behind the others."""
        raw = text.encode("utf-8", "surrogatepass")
        if self._read:
            self._file.seek(self._ends[-1])
            self._read = False
        self._file.write(raw)
        self._ends.append(self._ends[-1] + len(raw))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at):
        if not isinstance(at, slice):
            at = range(len(self))[at]
            return self[at : at + 1][0]
        first, stop, _ = at.indices(len(self))
        if first >= stop:
            return []
        ends = self._ends[first : stop + 1]
        self._read = True  # the next text is written behind the others again
        self._file.seek(ends[0])
        raw = self._file.read(ends[-1] - ends[0])
        bounds = [end - ends[0] for end in ends]
        return [raw[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(bounds)]


class ChosenTexts(Sequence[str]):
    """Some of a sequence's texts, by their places in it.

    Args:
        places: int64 (n,).
    """

    def __init__(self, texts: Sequence[str], places: np.ndarray) -> None:
        self._texts, self._places = texts, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, at):
        if isinstance(at, slice):
            return [self._texts[place] for place in self._places[at].tolist()]
        return self._texts[int(self._places[at])]


def distinct(texts: Sequence[str]) -> tuple[Sequence[str], np.ndarray]:
    """Return the distinct texts in the order of their first places, and the place of each text.

    Texts are told apart by 64 bits of a hash.
    """
    marks = array("Q")
    for first in range(0, len(texts), _AT_ONCE):
        for text in texts[first : first + _AT_ONCE]:
            raw = text.encode("utf-8", "surrogatepass")
            marks.frombytes(hashlib.blake2b(raw, digest_size=8).digest())
    if not marks:
        return texts, np.zeros(0, np.int64)
    _, firsts, of = np.unique(
        np.frombuffer(marks, np.uint64), return_index=True, return_inverse=True
    )
    order = np.argsort(firsts, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    if len(firsts) == len(texts):
        return texts, rank[of]
    return ChosenTexts(texts, firsts[order]), rank[of]


class SpooledRows:
    """Rows of 16-bit numbers. Written first, read afterwards.

    Args:
        width: numbers of a row.
    """

    def __init__(self, width: int) -> None:
        self._file = file_of(self)
        self._width, self._size, self._count = width, 2 * width, 0

    def extend(self, rows: np.ndarray) -> None:
        """Add rows, uint16 (n, width), behind the others."""
        self._file.seek(self._count * self._size)
        self._file.write(np.ascontiguousarray(rows, np.uint16).tobytes())
        self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def blocks(self, size: int = 8192) -> Iterator[np.ndarray]:
        """Yield all rows in their order, so many at a time."""
        for first in range(0, self._count, size):
            self._file.seek(first * self._size)
            yield self._rows(self._file.read(size * self._size))

    def chosen(self, places: np.ndarray) -> np.ndarray:
        """Return the rows at some places, uint16 (n, width)."""
        parts = []
        for place in places.tolist():
            self._file.seek(place * self._size)
            parts.append(self._file.read(self._size))
        return self._rows(b"".join(parts))

    def _rows(self, raw: bytes) -> np.ndarray:
        if not raw:
            return np.zeros((0, self._width), np.uint16)
        return np.frombuffer(raw, np.uint16).reshape(-1, self._width)
