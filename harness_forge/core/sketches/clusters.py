"""Clusters near-identical texts among very many.

Some 40 bytes of each text are in memory; its sketch, 256 bytes, is in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness_forge.core.disjoint_sets import DisjointPlaces
from harness_forge.core.sketches.minhash import likeness, sketch
from harness_forge.core.sketches.spooled import ChosenTexts, SpooledRows, distinct
from harness_forge.core.sketches.words import mixed, runs, split

THRESHOLD = 0.8
_SHINGLE, _PLACES, _BANDS = 3, 128, 21
_COMMON, _SHARE = 10, 0.05
_BLOCK = 1000
"""Number of texts with their runs in memory at once."""
_COUNTERS = 22
"""Bits that tell the counters of runs apart."""
_NEAREST = 8
"""Neighbours in the order of a band that a text is compared with: what is nearly the
same as many is nearly the same as one of the nearest."""
_COMPARED = 4096
"""Pairs of sketches in memory at once."""


def clusters(texts: Sequence[str], threshold: float = THRESHOLD) -> list[int]:
    """Return for each text the first text of its cluster.

    Texts are in one cluster if they are nearly the same, directly or through others.
    Runs of words in more than 10 texts and 5% of them are a template and are not
    compared: a thousand questions that differ in a word
    and share two hundred of instructions are a thousand questions.

    Args:
        threshold: estimated Jaccard similarity of their runs of 3 words.
    """
    several, of = distinct(texts)
    joined = DisjointPlaces(len(several))
    join_clusters(joined, several, threshold)
    return first_places(joined, of).tolist()


def join_clusters(
    joined: DisjointPlaces,
    texts: Sequence[str],
    threshold: float = THRESHOLD,
    *,
    most: int | None = None,
    among: np.ndarray | None = None,
) -> None:
    """Join the places of texts that are in one cluster.

    Args:
        joined: as many places as there are texts.
        texts: distinct ones.
        most: most texts with a run that is no template; None as in `clusters`.
        among: places of the texts that are compared, int64; all others only show
            what is a template. None compares all.
    """
    common = np.zeros(0, np.uint64)
    if most is None or most < len(texts):
        common = _common(texts, most)
    compared = texts if among is None else ChosenTexts(texts, among)
    there, signs = _signed(compared, common)
    places = there if among is None else among[there]
    for one, other in _pairs(signs):
        _join_alike(joined, places, signs, one, other, threshold)


def first_places(joined: DisjointPlaces, of: np.ndarray) -> np.ndarray:
    """Return for each text the first text of its set, int64.

    Args:
        of: the place in `joined` of each text.
    """
    found = np.asarray(joined.leaders(), np.int64)[of]
    firsts = np.full(len(joined), len(of), np.int64)
    np.minimum.at(firsts, found, np.arange(len(of)))
    return firsts[found]


def own_runs(texts: Sequence[str]) -> np.ndarray:
    """Return the number of runs of each text that are not of a template, as in `clusters`."""
    common = _common(texts, None)
    counts = np.zeros(len(texts), np.int64)
    for first, hashes, owners in _blocks(texts):
        rare = owners[~np.isin(hashes, common)]
        size = min(_BLOCK, len(texts) - first)
        counts[first : first + size] = np.bincount(rare, minlength=size)
    return counts


def _pairs(signs: SpooledRows) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield places of sketches that may be alike, band by band."""
    width = _PLACES // _BANDS
    weights = mixed(np.arange(1, width + 1, dtype=np.uint64))
    for band in range(_BANDS):
        keys = np.zeros(len(signs), np.uint64)
        at = 0
        for block in signs.blocks():
            part = block[:, band * width : (band + 1) * width].astype(np.uint64)
            keys[at : at + len(part)] = mixed((part * weights).sum(axis=1))
            at += len(part)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        for step in range(1, min(_NEAREST, len(order) - 1) + 1):
            same = keys[step:] == keys[:-step]
            yield order[:-step][same], order[step:][same]


def _join_alike(
    joined: DisjointPlaces,
    places: np.ndarray,
    signs: SpooledRows,
    ones: np.ndarray,
    others: np.ndarray,
    threshold: float,
) -> None:
    """Join places of sketches that are alike; those that are joined already are not compared."""
    for first in range(0, len(ones), _COMPARED):
        one, other = ones[first : first + _COMPARED], others[first : first + _COMPARED]
        pairs = zip(places[one].tolist(), places[other].tolist(), strict=True)
        apart = np.array([joined.leader(a) != joined.leader(b) for a, b in pairs], bool)
        one, other = one[apart], other[apart]
        alike = likeness(signs.chosen(one), signs.chosen(other)) >= threshold
        for a, b in zip(places[one[alike]].tolist(), places[other[alike]].tolist(), strict=True):
            joined.join(a, b)


def _signed(texts: Sequence[str], common: np.ndarray) -> tuple[np.ndarray, SpooledRows]:
    """Return the places of texts with words outside templates, int64 (n,), and their sketches."""
    places, signs = [np.zeros(0, np.int64)], SpooledRows(_PLACES)
    for first, hashes, owners in _blocks(texts):
        rare = ~np.isin(hashes, common)
        there, owners = np.unique(owners[rare], return_inverse=True)
        if len(there):
            places.append(there + first)
            signs.extend(sketch(hashes[rare], owners, len(there), _PLACES))
    return np.concatenate(places), signs


def _common(texts: Sequence[str], most: int | None) -> np.ndarray:
    """Return the runs of templates, which are in many texts, uint64, sorted.

    All runs of all texts are too many to hold. What falls on a counter that
    stays low is rare, repeats within a text counted too; the few others are
    counted one by one.
    """
    if most is None:
        most = max(_COMMON, int(_SHARE * len(texts)))
    counters = np.zeros(1 << _COUNTERS, np.uint32)
    one = np.uint32(1)  # of the counters' type: adding another takes 30 times as long
    for _, hashes, _ in _blocks(texts):
        np.add.at(counters, _counter(hashes), one)
    often = counters > most
    values, spread = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    for _, hashes, owners in _blocks(texts) if often.any() else ():
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


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield blocks of texts: the first text's index, the run hashes, and the text of each."""
    for first in range(0, len(texts), _BLOCK):
        words = split(texts[first : first + _BLOCK])
        yield first, *runs(words.hashes, words.counts, _SHINGLE)
