"""The runs of words of very many texts: hashed once, however often they are looked through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness_forge.core.sketches.spooled import file_of
from harness_forge.core.sketches.words import runs, split

_SHINGLE = 3
_COMMON, _SHARE = 10, 0.05
_BLOCK = 1000
"""Number of texts with their runs in memory at once."""
_COUNTERS = 22
"""Bits that tell the counters of runs apart."""
_HASH, _COUNT = np.dtype(np.uint64), np.dtype(np.int32)


class HashedTexts:
    """The hashed runs of three words of texts; they lie in a temporary file.

    Args:
        texts: in the order of their places.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._file, self._size = file_of(self), len(texts)
        self._sizes: list[int] = []
        self._counts = [np.zeros(0, _COUNT)]
        self._known: dict[int, np.ndarray] = {}
        for first in range(0, len(texts), _BLOCK):
            words = split(texts[first : first + _BLOCK])
            hashes, owners = runs(words.hashes, words.counts, _SHINGLE)
            self._sizes.append(len(hashes))
            self._file.write(hashes.tobytes())
            self._counts.append(np.bincount(owners).astype(_COUNT))
            self._file.write(self._counts[-1].tobytes())

    def __len__(self) -> int:
        return self._size

    def counts(self) -> np.ndarray:
        """Return the number of runs of each text, int32 (n,)."""
        return np.concatenate(self._counts)

    def blocks(
        self, among: np.ndarray | None = None
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield blocks of texts: the place of the first one, the runs' hashes, the text of each.

        Args:
            among: places of the texts that are of interest, ascending, int64; places are then
                those in it. None for all texts.
        """
        at = 0
        for number, size in enumerate(self._sizes):
            first = number * _BLOCK
            count = min(_BLOCK, self._size - first)
            of_all = np.arange(count)
            if among is not None:
                start, stop = np.searchsorted(among, [first, first + count])
                if start == stop:
                    at += _HASH.itemsize * size + _COUNT.itemsize * count
                    continue
                of_all = np.full(count, -1)
                of_all[among[start:stop] - first] = np.arange(stop - start)
            self._file.seek(at)
            hashes = np.frombuffer(self._file.read(_HASH.itemsize * size), _HASH)
            counts = np.frombuffer(self._file.read(_COUNT.itemsize * count), _COUNT)
            at = self._file.tell()
            owners = np.repeat(of_all, counts)
            if among is None:
                yield first, hashes, owners
            else:
                yield int(start), hashes[owners >= 0], owners[owners >= 0]

    def common(self, most: int | None = None) -> np.ndarray:
        """Return the runs of templates, which are in many texts, uint64, sorted.

        Args:
            most: most texts with a run that is no template; None for ten, or one in twenty.
        """
        if most is None:
            most = max(_COMMON, int(_SHARE * self._size))
        if most not in self._known:
            self._known[most] = self._counted(most)
        return self._known[most]

    def _counted(self, most: int) -> np.ndarray:
        # All runs of all texts are too many to hold. What falls on a counter that stays low is
        # rare, repeats within a text counted too; the few others are counted one by one.
        counters = np.zeros(1 << _COUNTERS, np.uint32)
        one = np.uint32(1)  # of the counters' type: adding another takes 30 times as long
        for _, hashes, _ in self.blocks():
            np.add.at(counters, _counter(hashes), one)
        often = counters > most
        values, spread = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        for _, hashes, owners in self.blocks() if often.any() else ():
            some = often[_counter(hashes)]
            seen = np.concatenate([values, _once(hashes[some], owners[some])])
            each = np.concatenate([spread, np.ones(len(seen) - len(spread), np.int64)])
            values, of = np.unique(seen, return_inverse=True)
            spread = np.bincount(of, each, len(values)).astype(np.int64)
        return values[spread > most]


def _counter(hashes: np.ndarray) -> np.ndarray:
    return (hashes >> np.uint64(64 - _COUNTERS)).astype(np.int64)


def _once(hashes: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return the distinct runs of each text."""
    order = np.lexsort((hashes, owners))
    hashes, owners = hashes[order], owners[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    return hashes[new]
