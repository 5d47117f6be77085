"""Clusters near-identical texts among very many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness_forge.core.sketches.minhash import likeness, sketch
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


def clusters(
    texts: Sequence[str],
    threshold: float = THRESHOLD,
    *,
    most: int | None = None,
    among: Sequence[int] | None = None,
) -> list[int]:
    """Return for each text the first text of its cluster.

    Texts are in one cluster if they are nearly the same, directly or through others.
    Runs of words in more than 10 texts and 5% of them are a template and are not
    compared: a thousand questions that differ in a word
    and share two hundred of instructions are a thousand questions.

    Args:
        threshold: estimated Jaccard similarity of their runs of 3 words.
        most: most texts with a run that is no template; None as above.
        among: places of the texts that are compared, all others only showing
            what is a template; the result is of these, by place among them.
    """
    if most is None or most < len(texts):
        common = _common(list(dict.fromkeys(texts)), most)
    else:
        common = np.zeros(0, np.uint64)
    texts = texts if among is None else [texts[at] for at in among]
    distinct = list(dict.fromkeys(texts))
    place = {text: at for at, text in enumerate(distinct)}
    leader = np.arange(len(distinct))
    for one, other in _pairs(distinct, threshold, common):
        first, second = _find(leader, one), _find(leader, other)
        leader[max(first, second)] = min(first, second)
    firsts: dict[int, int] = {}
    found = [_find(leader, place[text]) for text in texts]
    for at, one in enumerate(found):
        firsts.setdefault(one, at)
    return [firsts[one] for one in found]


def own_runs(texts: Sequence[str]) -> list[int]:
    """Return the number of runs of each text that are not of a template, as in `clusters`."""
    common = _common(texts, None)
    counts = np.zeros(len(texts), np.int64)
    for first, hashes, owners in _blocks(texts):
        rare = owners[~np.isin(hashes, common)]
        size = min(_BLOCK, len(texts) - first)
        counts[first : first + size] = np.bincount(rare, minlength=size)
    return counts.tolist()


def _pairs(texts: Sequence[str], threshold: float, common: np.ndarray) -> list[list[int]]:
    there, signs = _signed(texts, common)
    width = _PLACES // _BANDS
    found = []
    for band in range(_BANDS):
        part = signs[:, band * width : (band + 1) * width].astype(np.uint64)
        keys = mixed((part * mixed(np.arange(1, width + 1, dtype=np.uint64))).sum(axis=1))
        order = np.argsort(keys, kind="stable")
        for step in range(1, min(_NEAREST, len(order) - 1) + 1):
            same = keys[order][step:] == keys[order][:-step]
            found.append(np.stack([order[:-step][same], order[step:][same]], axis=1))
    if not found:
        return []
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    alike = likeness(signs[pairs[:, 0]], signs[pairs[:, 1]]) >= threshold
    return there[pairs[alike]].tolist()


def _signed(texts: Sequence[str], common: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts with words outside templates, int64 (n,), and their sketches, uint16."""
    places, signs = [np.zeros(0, np.int64)], [np.zeros((0, _PLACES), np.uint16)]
    for first, hashes, owners in _blocks(texts):
        rare = ~np.isin(hashes, common)
        there, owners = np.unique(owners[rare], return_inverse=True)
        if len(there):
            places.append(there + first)
            signs.append(sketch(hashes[rare], owners, len(there), _PLACES))
    return np.concatenate(places), np.concatenate(signs)


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


def _find(leader: np.ndarray, at: int) -> int:
    while leader[at] != at:
        leader[at] = at = leader[leader[at]]
    return int(at)
