"""An exact test of one phrase against the outcome, and a correction for many phrases.

The test is the exact conditional one of several two-by-two tables (J. J. Gart, "Point and
interval estimation of the common odds ratio in the combination of 2 x 2 tables with fixed
marginals", Biometrika 57, 1970); of one table it is Fisher's. The correction is R. E. Tarone's,
"A modified Bonferroni method for discrete data", Biometrics 46, 1990: a phrase that is too rare
ever to reach the level is not counted as a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    """One stratum: items, those that passed, those with the phrase, those with both."""

    items: int
    passed: int
    having: int
    both: int


class Tails(NamedTuple):
    """One-sided p that the phrase goes with a pass, and with a failure.

    Args:
        passed, failed: p of a table as far out or further.
        least_passed, least_failed: the smallest p that these margins allow.
    """

    passed: float
    failed: float
    least_passed: float
    least_failed: float


def tails(tables: Iterable[Table]) -> Tails:
    """Return both p over all strata, each with its margins fixed."""
    weights, both, lowest = np.ones(1), 0, 0
    for items, passed, having, found in tables:
        low, high = max(0, having + passed - items), min(having, passed)
        if low < high:
            weights = np.convolve(weights, _hypergeometric(low, high, items, passed, having))
        both, lowest = both + found, lowest + low
    place = both - lowest
    above, below = weights[place:].sum(), weights[: place + 1].sum()
    return Tails(
        min(float(above), 1.0), min(float(below), 1.0), float(weights[-1]), float(weights[0])
    )


def tarone(p: Sequence[float], least: Sequence[float], level: float) -> tuple[list[float], int]:
    """Return the corrected p, in order, and how many tests they are corrected for.

    Args:
        p: of every test.
        least: the smallest p that each test could have given.
        level: of all tests together.
    """
    floors = np.sort(np.asarray(least, float))
    tests = 1
    while np.searchsorted(floors, level / tests, side="right") > tests:
        tests += 1
    return [min(1.0, one * tests) for one in p], tests


def _hypergeometric(low: int, high: int, items: int, passed: int, having: int) -> np.ndarray:
    """Return the chance of each count from `low` to `high` of passed among those with it."""
    counts = np.arange(low, high + 1)
    # Each chance to the one before it, from the ratio of their binomials.
    before = counts[1:] - 1
    ratios = (
        (passed - before)
        * (having - before)
        / (counts[1:] * (items - passed - having + counts[1:]))
    )
    logs = np.concatenate(([0.0], np.cumsum(np.log(ratios))))
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()
