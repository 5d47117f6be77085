"""Intervals of scores and of their differences, from a mean and a number of items."""

from __future__ import annotations

import math
from statistics import NormalDist

LEVEL = 0.95
"""Level of every interval here."""

Ends = tuple[float, float]


def wilson(rate: float, items: float) -> Ends:
    """Return Wilson's score interval of a mean of scores between 0 and 1.

    Such scores vary no more than a rate of the same mean, so the rate's interval
    is wide enough.

    Source: Wilson, JASA 22 (1927) 209-212.
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    scale = 1 + z * z / items
    middle = (rate + z * z / (2 * items)) / scale
    spread = z * math.sqrt(rate * (1 - rate) / items + z * z / (4 * items * items)) / scale
    return (0.0 if rate <= 0 else middle - spread, 1.0 if rate >= 1 else middle + spread)


def newcombe(first: float, ends: Ends, second: float, others: Ends) -> Ends:
    """Return the interval of first - second from the interval of each.

    It takes the two samples as independent. If both answered the same items, it
    is wider than necessary.

    Source: Newcombe, Statist. Med. 17 (1998) 873-890, method 10.
    """
    between = first - second
    low = math.hypot(first - ends[0], others[1] - second)
    high = math.hypot(ends[1] - first, second - others[0])
    return max(-1.0, between - low), min(1.0, between + high)
