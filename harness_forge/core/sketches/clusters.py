"""Clusters near-identical texts among very many.

Some 40 bytes of each text are in memory; its sketch, 256 bytes, is in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from harness_forge.core.disjoint_sets import DisjointPlaces
from harness_forge.core.sketches.minhash import containment, likeness, sketch
from harness_forge.core.sketches.runs import HashedTexts
from harness_forge.core.sketches.spooled import SpooledRows
from harness_forge.core.sketches.words import mixed

THRESHOLD = 0.8
_PLACES = 128
_BANDS, _MORE_BANDS = 21, 32
"""The former compare 99.8% of the pairs with a similarity of 0.8, the latter 98.8% with 0.6."""
_NEAREST = 8
"""Neighbours in the order of a band that a text is compared with: what is nearly the
same as many is nearly the same as one of the nearest."""
_COMPARED = 4096
"""Pairs of sketches in memory at once."""


def join_clusters(
    joined: DisjointPlaces,
    texts: HashedTexts,
    threshold: float = THRESHOLD,
    *,
    most: int | None = None,
    among: np.ndarray | None = None,
    contained: tuple[float, int, float] | None = None,
) -> None:
    """Join the places of texts that are nearly the same, directly or through others.

    Runs of words in more than 10 texts and 5% of them are a template and are not compared: a
    thousand questions that differ in a word and share two hundred of instructions are a
    thousand questions.

    Args:
        joined: as many places as there are texts.
        texts: one a place.
        threshold: estimated Jaccard similarity of their runs of 3 words.
        most: most texts with a run that is no template; None for 10 and 5%.
        among: places of the texts that are compared, int64; all others only show
            what is a template. None compares all.
        contained: two texts are joined too if the smaller has this share of its runs
            in the other, at least so many, and they are as similar as that.
    """
    common = np.zeros(0, np.uint64)
    if most is None or most < len(texts):
        common = texts.common(most)
    there, signs, sizes = _signed(texts, among, common)
    places = there if among is None else among[there]

    def same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        alike = likeness(signs.chosen(one), signs.chosen(other))
        found = alike >= threshold
        if contained:
            share, least, similar = contained
            fewer = np.minimum(sizes[one], sizes[other])
            held = containment(alike, fewer, np.maximum(sizes[one], sizes[other]))
            found |= (held >= share) & (fewer >= least) & (alike >= similar)
        return found

    for one, other in _pairs(signs, _MORE_BANDS if contained else _BANDS):
        _join_alike(joined, places, one, other, same)


def first_places(joined: DisjointPlaces, of: np.ndarray) -> np.ndarray:
    """Return for each text the first text of its set, int64.

    Args:
        of: the place in `joined` of each text.
    """
    found = np.asarray(joined.leaders(), np.int64)[of]
    firsts = np.full(len(joined), len(of), np.int64)
    np.minimum.at(firsts, found, np.arange(len(of)))
    return firsts[found]


def own_runs(texts: HashedTexts) -> np.ndarray:
    """Return the number of runs of each text that are not of a template, as in `join_clusters`."""
    common = texts.common()
    counts = np.zeros(len(texts), np.int64)
    for first, hashes, owners in texts.blocks():
        found = np.bincount(owners[~np.isin(hashes, common)])
        counts[first : first + len(found)] = found
    return counts


def _pairs(signs: SpooledRows, bands: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield places of sketches that may be alike, band by band."""
    width = _PLACES // bands
    weights = mixed(np.arange(1, width + 1, dtype=np.uint64))
    for band in range(bands):
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
    ones: np.ndarray,
    others: np.ndarray,
    same: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> None:
    """Join places of sketches that are the same; those that are joined already are not compared."""
    for first in range(0, len(ones), _COMPARED):
        one, other = ones[first : first + _COMPARED], others[first : first + _COMPARED]
        pairs = zip(places[one].tolist(), places[other].tolist(), strict=True)
        apart = np.array([joined.leader(a) != joined.leader(b) for a, b in pairs], bool)
        one, other = one[apart], other[apart]
        alike = same(one, other)
        for a, b in zip(places[one[alike]].tolist(), places[other[alike]].tolist(), strict=True):
            joined.join(a, b)


def _signed(
    texts: HashedTexts, among: np.ndarray | None, common: np.ndarray
) -> tuple[np.ndarray, SpooledRows, np.ndarray]:
    """Return the places of texts with words outside templates, their sketches, and their runs.

    Args:
        among: places of the texts that are looked at, ascending; the places returned are
            those in `among`. None looks at all.

    Returns:
        Places, int64 (n,), sketches, and the number of runs that are sketched, int64 (n,).
    """
    places, signs = [np.zeros(0, np.int64)], SpooledRows(_PLACES)
    sizes = [np.zeros(0, np.int64)]
    for first, hashes, owners in texts.blocks(among):
        rare = ~np.isin(hashes, common)
        there, owners = np.unique(owners[rare], return_inverse=True)
        if len(there):
            places.append(there + first)
            sizes.append(np.bincount(owners))
            signs.extend(sketch(hashes[rare], owners, len(there), _PLACES))
    return np.concatenate(places), signs, np.concatenate(sizes)
