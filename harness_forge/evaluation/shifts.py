"""Whether the last days differ from those before them: a permutation test of whole days.

Attempts of one day rise and fall together (a model server, a batch of work), so the day is the
unit, not the attempt. Days bring other work, so results are compared within each family.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

_EXACT = 20_000
"""Divisions of the days that are all looked at; of more, some are drawn."""
_FIRST, _MORE, _INTERESTING = 1_999, 19_999, 0.05
"""Draws; those of a p that is at most so small."""
_CELLS = 4_000_000
"""Most numbers of one table in memory at once."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What changed from the days before to the last days.

    Args:
        before, recent: means over all attempts of each.
        change: the difference within families, weighted by Mantel and Haenszel; None
            if no family is in both.
        lower: one-sided p that the recent ones are lower; `greater` that they are higher.
        days_before, days_recent: days with attempts.
        left_out: attempts of families that only one of both has.
    """

    before: float
    recent: float
    change: float | None
    lower: float
    greater: float
    days_before: int
    days_recent: int
    left_out: int

    @property
    def smallest(self) -> float:
        """The smallest p that so many days can give."""
        return 1 / math.comb(self.days_before + self.days_recent, self.days_recent)


def shift(counts: np.ndarray, sums: np.ndarray, recent: np.ndarray, seed: int = 0) -> Shift:
    """Compare the recent days with the others.

    If nothing changed, any of the days could have been the recent ones: p is the
    share of divisions of the days into as many recent and earlier ones whose
    difference is at least as far to one side. It is exact where these are at most
    20,000; otherwise divisions are drawn, and p counts the found one among them.
    Days are taken as exchangeable: a slow drift that has nothing to do with the
    loop is a change for this test too.

    Source: Fisher, The Design of Experiments (1935), 21; drawn permutations as in
    Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9:39 (2010); strata as in
    Mantel and Haenszel, JNCI 22 (1959) 719-748, for differences Greenland and
    Robins, Biometrics 41 (1985) 55-68.

    Args:
        counts: attempts, days x families; each day has some.
        sums: of their results, days x families.
        recent: which days are recent, both kinds occur.
        seed: of the draws.
    """
    here, there = counts[recent].sum(axis=0), counts[~recent].sum(axis=0)
    both = (here > 0) & (there > 0)
    found = {
        "before": float(sums[~recent].sum() / there.sum()),
        "recent": float(sums[recent].sum() / here.sum()),
        "days_before": int((~recent).sum()),
        "days_recent": int(recent.sum()),
        "left_out": int(here[~both].sum() + there[~both].sum()),
    }
    if not both.any():
        return Shift(change=None, lower=1.0, greater=1.0, **found)
    observed = float(_differences(recent[None, :], counts, sums)[0])
    days, chosen = len(recent), int(recent.sum())
    if math.comb(days, chosen) <= _EXACT:
        masks = np.zeros((math.comb(days, chosen), days), dtype=bool)
        for row, places in enumerate(combinations(range(days), chosen)):
            masks[row, places] = True
        lower, greater = _shares(masks, counts, sums, observed, found_too=0)
    else:
        draw = np.random.default_rng(seed)
        for draws in (_FIRST, _MORE):
            masks = draw.random((draws, days)).argsort(axis=1) < chosen
            lower, greater = _shares(masks, counts, sums, observed, found_too=1)
            if min(lower, greater) > _INTERESTING:
                break
    return Shift(change=observed, lower=lower, greater=greater, **found)


def _shares(
    masks: np.ndarray, counts: np.ndarray, sums: np.ndarray, observed: float, found_too: int
) -> tuple[float, float]:
    """Return the shares of divisions with a difference as low, and as high, as the observed."""
    step = max(1, _CELLS // counts.shape[1])
    low = high = found_too
    for start in range(0, len(masks), step):
        values = _differences(masks[start : start + step], counts, sums)
        low += int((values <= observed + 1e-12).sum())
        high += int((values >= observed - 1e-12).sum())
    total = len(masks) + found_too
    return low / total, high / total


def _differences(masks: np.ndarray, counts: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return the difference within families of each division; 0 if no family is on both sides."""
    chosen = masks.astype(float)
    n1, s1 = chosen @ counts, chosen @ sums
    n, s = counts.sum(axis=0), sums.sum(axis=0)
    n0, s0 = n - n1, s - s1
    weights = (n1 * n0 / n).sum(axis=1)
    scores = ((s1 * n0 - s0 * n1) / n).sum(axis=1)
    return np.divide(scores, weights, out=np.zeros(len(masks)), where=weights > 0)
