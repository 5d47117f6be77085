"""Statistics of a comparison with an exact or closed form; `bootstrap` has those that are drawn.

Paired items are compared as pairs. Items of a family resemble each other, so
intervals treat families as the sampling unit, not items.
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
    if min(only_first, only_second) < 0:
        raise ValueError("counts of pairs cannot be negative")
    n = only_first + only_second
    term, tail = 1, 0
    for k in range(min(only_first, only_second) + 1):
        tail += term
        term = term * (n - k) // (k + 1)
    return min(1.0, 2 * tail / 2**n)


def family_sign_flip(differences: Sequence[int]) -> float:
    """Return the exact two-sided p of the sign-flip test of families.

    If neither policy is better, their results could be swapped in any family:
    each family's difference is as likely with the other sign. p is the share of
    all 2^families choices of signs with a sum at least as far from 0. It is valid
    however much the items of a family resemble each other; if every family has
    one item it is McNemar's exact test.

    Source: Fisher, The Design of Experiments (1935), 21; for whole clusters
    Gail, Mark, Carroll, Green and Pee, Statist. Med. 15 (1996) 1069-1092.

    Args:
        differences: of each family, passes of the first minus passes of the second.
    """
    sizes = [abs(one) for one in differences if one]
    # chance[k] is the chance of a sum of k - total, built up family by family.
    total, chance = sum(sizes), np.ones(1)
    for size in sizes:
        longer = np.zeros(len(chance) + 2 * size)
        longer[: len(chance)] = chance / 2
        longer[2 * size :] += chance / 2
        chance = longer
    far = abs(sum(differences))
    sums = np.arange(-total, total + 1)
    return min(1.0, float(chance[np.abs(sums) >= far].sum()))


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
        clusters: (passed, items) of each family.
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
