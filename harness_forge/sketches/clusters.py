"""Which texts are nearly the same, among very many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness_forge.sketches.minhash import likeness, sketch
from harness_forge.sketches.words import mixed, runs, split

THRESHOLD = 0.8
_SHINGLE, _PLACES, _BANDS = 3, 128, 21
_COMMON, _SHARE = 10, 0.05
_NEAREST = 8
"""Neighbours in the order of a band that a text is compared with: what is nearly the
same as many is nearly the same as one of the nearest."""


def clusters(texts: Sequence[str], threshold: float = THRESHOLD) -> list[int]:
    """Return for each text the first text of its cluster.

    Texts are in one cluster that are nearly the same in however many steps.
    Runs of words that stand in more than 10 texts and 5% of them are a
    template and are not compared: a thousand questions that differ in a word
    and share two hundred of instructions are a thousand questions.

    Args:
        threshold: estimated Jaccard similarity of their runs of 3 words.
    """
    distinct = list(dict.fromkeys(texts))
    place = {text: at for at, text in enumerate(distinct)}
    leader = np.arange(len(distinct))
    for one, other in _pairs(distinct, threshold):
        first, second = _find(leader, one), _find(leader, other)
        leader[max(first, second)] = min(first, second)
    firsts: dict[int, int] = {}
    found = [_find(leader, place[text]) for text in texts]
    for at, one in enumerate(found):
        firsts.setdefault(one, at)
    return [firsts[one] for one in found]


def _pairs(texts: Sequence[str], threshold: float) -> list[list[int]]:
    hashes, owners = _telling(texts)
    if not len(hashes):
        return []
    there, owners = np.unique(owners, return_inverse=True)
    signs = sketch(hashes, owners, len(there), _PLACES)
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


def _telling(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the runs of each text, but those of a template, and whose they are."""
    words = split(texts)
    hashes, owners = runs(words.hashes, words.counts, _SHINGLE)
    most = max(_COMMON, int(_SHARE * len(texts)))
    pairs = np.unique(np.stack([hashes, owners.astype(np.uint64)]), axis=1)
    values, spread = np.unique(pairs[0], return_counts=True)
    rare = ~np.isin(hashes, values[spread > most])
    return hashes[rare], owners[rare]


def _find(leader: np.ndarray, at: int) -> int:
    while leader[at] != at:
        leader[at] = at = leader[leader[at]]
    return int(at)
