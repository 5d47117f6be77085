"""Statistics of a comparison with an exact or closed form; `bootstrap` has those that are drawn.

Paired items are compared as pairs. Items with answers of one form rise and fall together, so
intervals and tests take their clusters as the sampling unit, not items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its lower and upper bound, all as shares or differences of shares."""

    estimate: float
    low: float
    high: float


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p of McNemar's test.

    Given n discordant pairs, the count of one kind is Binomial(n, 1/2) if
    neither side is better; p is twice the smaller tail, at most 1. Without
    discordant pairs it is 1. Integers all the way, so no count is too large.

    Source: McNemar, Psychometrika 12 (1947) 153-157, in the exact conditional
    form of Fagerland, Lydersen and Laake, BMC Med. Res. Methodol. 13:91 (2013).

    Args:
        only_first: pairs that only the first passed.
        only_second: pairs that only the second passed.

    Raises:
        ValueError: a count below zero.
    """
    n = only_first + only_second
    return min(1.0, 2 * _tail(min(only_first, only_second), n) / 2**n)


def mcnemar_greater(only_first: int, only_second: int) -> float:
    """Return the exact one-sided p of McNemar's test that the first is better.

    Args, raises: as `mcnemar`.
    """
    n = only_first + only_second
    # As many wins or more is as many losses or fewer.
    return _tail(only_second, n) / 2**n


def _tail(most: int, n: int) -> int:
    """Return in how many of 2^n ways at most `most` of n pairs are of one kind."""
    if min(most, n - most) < 0:
        raise ValueError("counts of pairs cannot be negative")
    term, tail = 1, 0
    for k in range(most + 1):
        tail += term
        term = term * (n - k) // (k + 1)
    return tail


@dataclass(frozen=True, slots=True)
class SignFlip:
    """The p values of a sign-flip test.

    Args:
        greater: one-sided, that the first is better.
        two_sided: that they differ.
        clusters: how many were not equal; at best `greater` is 2^-clusters.
    """

    greater: float
    two_sided: float
    clusters: int


_FINE, _FEW_ITEMS = 16, 5_000
"""A single item's weight, and the items from which all items weigh the same: exact
sums of more would take too long, and with so many clusters weights gain little."""


def sign_flip(clusters: Sequence[tuple[int, int]]) -> SignFlip:
    """Return the exact p values of the sign-flip test of clusters.

    If neither policy is better, their results could be swapped in any cluster:
    each cluster's difference is as likely with the other sign. p is the share of
    all 2^clusters choices of signs with a sum at least as large (`greater`) or as
    far from 0. It is valid however much the items of a cluster resemble each
    other; if every cluster has one item it is McNemar's exact test.

    A cluster of n items counts by its difference divided by the square root of n:
    a form with 16 items says more than one with a single item, but not 16 times as
    much. The weight depends on n alone, so the test is as valid as without it, and
    it finds more (docs/gate.md). Weights are rounded to whole numbers, so that sums
    are exact.

    Source: Fisher, The Design of Experiments (1935), 21; for whole clusters
    Gail, Mark, Carroll, Green and Pee, Statist. Med. 15 (1996) 1069-1092.

    Args:
        clusters: of each cluster, passes of the first minus passes of the second,
            and its items.
    """
    fine = _FINE if sum(n for _, n in clusters) <= _FEW_ITEMS else 1
    scores = [d * max(1, round(fine / math.sqrt(n))) for d, n in clusters if d]
    # chance[k] is the chance of a sum of k - total, built up cluster by cluster.
    total, chance = sum(map(abs, scores)), np.ones(1)
    for size in map(abs, scores):
        longer = np.zeros(len(chance) + 2 * size)
        longer[: len(chance)] = chance / 2
        longer[2 * size :] += chance / 2
        chance = longer
    found = sum(scores)
    sums = np.arange(-total, total + 1)
    return SignFlip(
        greater=min(1.0, float(chance[sums >= found].sum())),
        two_sided=min(1.0, float(chance[np.abs(sums) >= abs(found)].sum())),
        clusters=len(scores),
    )


def holm(p: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number, in the same order, each at most 1.

    Rejecting if the adjusted p is at most alpha keeps the chance of one or more
    false rejections at alpha, however the tests depend on each other.

    Source: Holm, Scand. J. Statist. 6 (1979) 65-70.
    """
    order = sorted(range(len(p)), key=lambda n: p[n])
    adjusted, highest = [1.0] * len(p), 0.0
    for rank, n in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[n]))
        adjusted[n] = highest
    return adjusted


def wilson(passed: float, items: float, alpha: float = 0.05) -> Interval:
    """Return Wilson's score interval of one rate; without items it is 0 to 1.

    It keeps its coverage at rates near 0 and 1, where the usual p ± z·se shrinks
    to nothing. Counts may be fractions: an effective sample size is seldom a
    whole number.

    Source: Wilson, JASA 22 (1927) 209-212; as method 3 of Newcombe,
    Statist. Med. 17 (1998) 857-872.
    """
    if items <= 0:
        return Interval(math.nan, 0.0, 1.0)
    z = NormalDist().inv_cdf(1 - alpha / 2)
    rate = passed / items
    middle = 2 * items * rate + z * z
    spread = z * math.sqrt(z * z + 4 * items * rate * (1 - rate))
    scale = 2 * (items + z * z)
    # At 0 and 1 the bound is exact; rounding must not change it.
    low = 0.0 if passed <= 0 else (middle - spread) / scale
    high = 1.0 if passed >= items else (middle + spread) / scale
    return Interval(rate, low, high)


def tango(only_first: float, only_second: float, pairs: float, alpha: float = 0.05) -> Interval:
    """Return Tango's score interval of a difference of paired rates.

    It has a width where no pair differs, and where all do: a resampled interval has none
    there. Counts may be fractions, of an effective number of pairs. Without pairs
    it is -1 to 1.

    Source: Tango, Statist. Med. 17 (1998) 891-908; recommended among others by
    Fagerland, Lydersen and Laake, Statist. Med. 33 (2014) 2850-2875.

    Args:
        only_first: pairs that only the first passed; `only_second` the others that differ.
    """
    if pairs <= 0:
        return Interval(math.nan, -1.0, 1.0)
    z = NormalDist().inv_cdf(1 - alpha / 2)
    estimate = (only_first - only_second) / pairs

    def score(delta: float) -> float:
        """Return the score statistic of a difference; it falls as the difference rises."""
        linear = (2 * pairs - only_first + only_second) * delta - only_first - only_second
        constant = -only_second * delta * (1 - delta)
        root = math.sqrt(max(linear * linear - 8 * pairs * constant, 0.0))
        second = max((root - linear) / (4 * pairs), 0.0)
        variance = max(pairs * (2 * second + delta * (1 - delta)), 1e-300)
        return (only_first - only_second - pairs * delta) / math.sqrt(variance)

    def end(wanted: float) -> float:
        low, high = -1.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if score(middle) > wanted else (low, middle)
        return (low + high) / 2

    low = -1.0 if estimate <= -1 else end(z)
    return Interval(estimate, low, 1.0 if estimate >= 1 else end(-z))


def clustered_rate(clusters: Sequence[tuple[int, int]], alpha: float = 0.05) -> Interval:
    """Return the interval of a rate of clustered items.

    Wilson's interval at the effective sample size n / deff, where deff is the
    ratio estimator's variance between clusters over the binomial one. deff is
    never below 1, and is 1 if the rate is 0 or 1 or there is one cluster: the
    data then do not determine it.

    Source: Kish, Survey Sampling (1965), and for the ratio estimator Cochran,
    Sampling Techniques (1977), 6.3; recommended over the alternatives by Dean
    and Pagano, J. Surv. Stat. Methodol. 3 (2015) 484-503.

    Args:
        clusters: (passed, items) of each cluster.
    """
    passed = sum(p for p, _ in clusters)
    items = sum(n for _, n in clusters)
    used = [(p, n) for p, n in clusters if n]
    if len(used) < 2 or passed in (0, items):
        return wilson(passed, items, alpha)
    rate = passed / items
    between = sum((p - rate * n) ** 2 for p, n in used) * len(used) / (len(used) - 1)
    effect = max(between / (items * rate * (1 - rate)), 1.0)
    return wilson(passed / effect, items / effect, alpha)
