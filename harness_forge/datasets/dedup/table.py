"""Arrays and a hash table in memory-mapped files, so that memory does not grow with the rows.

The files are mapped. Pages that were touched, and some around each, count as
the process's memory until they are let go, which `release_pages` does; what they hold
stays in the file and mostly in the system's cache.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

SLOTS = 8
"""Entries of a bucket: one line of the processor's cache."""
_FULLNESS = 4
"""Mean entries of a bucket at which the table doubles."""
_HINTS = 32
"""Bits a bucket that are kept in memory of its keys: they tell most others from them."""
_FIRST = 1 << 10
_BLOCK = 1 << 16
_READ, _WRITTEN = 1 << 6, 1 << 10
"""Buckets touched at a time. The system loads pages around one that is read."""


def mapped_bytes() -> int:
    """Return the bytes of mapped files in this process's memory; 0 where unknown."""
    try:
        with Path("/proc/self/statm").open("rb", buffering=0) as file:
            return int(file.read().split()[2]) * mmap.PAGESIZE
    except OSError:
        return 0


class ResidentPages:
    """Limits how many pages of mapped files stay in this process's memory.

    Args:
        most: bytes of them, besides those that were held before.
    """

    def __init__(self, most: int) -> None:
        self._most, self._others = most, mapped_bytes()
        self.parts: list[Column] = []

    def release_if_large(self) -> None:
        """Release all pages where there are too many."""
        if mapped_bytes() - self._others > self._most:
            for part in self.parts:
                part.release_pages()
            self._others = mapped_bytes()


class Column:
    """An array in a file that grows at its end.

    Args:
        path: the file; it is made.
        dtype: of one element; may be a record.
        resident_pages: the limit that it counts toward.

    Raises:
        OSError: the disk is full. Room is reserved first: a page written
            through a map has no way of saying so.
    """

    def __init__(
        self, path: Path, dtype: np.dtype, resident_pages: ResidentPages, room: int = 1 << 10
    ) -> None:
        self.dtype, self._resident_pages = np.dtype(dtype), resident_pages
        self.length = 0
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._map: mmap.mmap | None = None
        self._room(room)
        resident_pages.parts.append(self)

    def append(self, values: np.ndarray) -> None:
        """Add elements at the end."""
        needed = self.length + len(values)
        if needed > len(self.data):
            self._room(max(needed, 2 * len(self.data)))
        self.data[self.length : needed] = values
        self.length = needed

    def release_pages(self) -> None:
        """Release the pages that were touched."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Close the file; it cannot be used afterwards."""
        self.data = np.zeros(0, self.dtype)
        if self._map is not None:
            self._resident_pages.parts.remove(self)
            # After a fault its traceback still looks in here; the map goes with it.
            with suppress(BufferError):
                self._map.close()
            self._map = None
            os.close(self._handle)

    def _room(self, elements: int) -> None:
        size = elements * self.dtype.itemsize
        os.posix_fallocate(self._handle, 0, size)
        self.data = np.zeros(0, self.dtype)
        if self._map is not None:
            self._map.close()
        self._map = mmap.mmap(self._handle, size)
        self.data = np.frombuffer(self._map, self.dtype)


class Table:
    """Which rows have a key: keys of 32 bits to row numbers, several rows a key.

    In memory are how full each bucket is and some bits of its keys, 5 bytes a bucket.

    Args:
        folder, name: where its file is made.
        resident_pages: is relieved while it works.
        reach: buckets that are tried for one key. A key that very many rows
            share is not entered for all of them.
    """

    def __init__(self, folder: Path, name: str, resident_pages: ResidentPages, reach: int) -> None:
        self._folder, self._name, self._resident_pages, self._reach = (
            folder,
            name,
            resident_pages,
            reach,
        )
        self._generation = 0
        self._entries = 0
        self._column = self._empty(_FIRST)

    def find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of an index in `keys`, uint32 (m,), and a row with that key."""
        hinted = keys & self._hint
        likely = np.flatnonzero(self._hints[hinted >> 3] >> (hinted & 7) & 1)
        places, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for first in range(0, len(likely), _READ):
            self._find(keys, likely[first : first + _READ], places, rows)
            self._resident_pages.release_if_large()
        return np.concatenate(places), np.concatenate(rows)

    def _find(self, keys: np.ndarray, waiting: np.ndarray, places: list, rows: list) -> None:
        for step in range(self._reach):
            wanted = keys[waiting]
            blocks = self._buckets[(wanted + np.uint32(step)) & self._mask]
            at, slot = np.nonzero(((blocks >> np.uint64(32)) == wanted[:, None]) & (blocks != 0))
            places.append(waiting[at])
            rows.append((blocks[at, slot] & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1)
            waiting = waiting[blocks[:, -1] != 0]
            if not len(waiting):
                break

    def enter(self, keys: np.ndarray, rows: np.ndarray) -> None:
        """Enter rows under their keys, uint32 (m,) and int64 (m,)."""
        while self._entries + len(keys) > _FULLNESS * len(self._buckets):
            self._double()
        self._entries += len(keys)
        self._put(keys.astype(np.uint64) << np.uint64(32) | (rows + 1).astype(np.uint64))

    def close(self) -> None:
        """Close the file."""
        self._buckets = None
        self._column.close()

    def _put(self, entries: np.ndarray) -> None:
        hinted = (entries >> np.uint64(32)).astype(np.uint32) & self._hint
        bits = np.left_shift(1, hinted & 7, dtype=np.uint8, casting="unsafe")
        np.bitwise_or.at(self._hints, hinted >> 3, bits)
        for step in range(self._reach):
            if not len(entries):
                break
            bucket = ((entries >> np.uint64(32)) + np.uint64(step)) & np.uint64(self._mask)
            order = np.argsort(bucket, kind="stable")
            entries, bucket = entries[order], bucket[order]
            heads = np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1]))
            sizes = np.diff(np.append(heads, len(bucket)))
            rank = np.arange(len(bucket)) - np.repeat(heads, sizes)
            slot = self._full[bucket] + rank
            fits = slot < SLOTS
            self._write(bucket[fits], slot[fits], entries[fits])
            self._full[bucket[heads]] = np.minimum(self._full[bucket[heads]] + sizes, SLOTS)
            entries = entries[~fits]

    def _write(self, bucket: np.ndarray, slot: np.ndarray, entries: np.ndarray) -> None:
        """Write entries without reading the bucket, which would load more pages."""
        for first in range(0, len(entries), _WRITTEN):
            some = slice(first, first + _WRITTEN)
            self._buckets[bucket[some], slot[some]] = entries[some]
            self._resident_pages.release_if_large()

    def _double(self) -> None:
        old, buckets = self._column, self._buckets
        self._column = self._empty(2 * len(buckets))
        for first in range(0, len(buckets), _BLOCK):
            block = buckets[first : first + _BLOCK]
            self._put(block[block != 0])
            self._resident_pages.release_if_large()
        del buckets, block
        old.close()
        self._path(self._generation - 1).unlink()

    def _empty(self, buckets: int) -> Column:
        self._generation += 1
        column = Column(
            self._path(self._generation), np.uint64, self._resident_pages, buckets * SLOTS
        )
        self._buckets = column.data.reshape(buckets, SLOTS)
        self._mask = np.uint32(buckets - 1)
        self._full = np.zeros(buckets, np.uint8)
        self._hints = np.zeros(buckets * _HINTS // 8, np.uint8)
        self._hint = np.uint32(buckets * _HINTS - 1)
        return column

    def _path(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}"
