"""Statistical power: the smallest difference that a number of items can show.

Asked before training or judging: a difference that the items cannot show is not
worth a night of training, and "no difference found" on few items says little.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, comb, exp, lgamma, log, sqrt
from statistics import NormalDist

from harness_forge.evaluation.statistics import mcnemar

_EXACT = 1500
"""Above so many pairs the normal approximation replaces the exact sum."""


def mcnemar_power(pairs: int, gain: float, loss: float, alpha: float = 0.05) -> float:
    """Return the chance that the exact two-sided test finds the better one better.

    Exact: a sum over every number of discordant pairs, and over their division.
    Pairs are taken as independent; correlation within families lowers the power
    (see `effective`).

    Source: the unconditional power of the exact conditional test, as in
    Lachin, Statist. Med. 11 (1992) 1239-1251.

    Args:
        pairs: items judged for both.
        gain: share of items that only the better one passes.
        loss: share of items that only the other one passes.

    Raises:
        ValueError: impossible shares.
    """
    if min(gain, loss) < 0 or gain + loss > 1 + 1e-12:
        raise ValueError(f"no population has a gain of {gain} and a loss of {loss}")
    apart = min(gain + loss, 1.0)
    if apart == 0:
        return 0.0
    if pairs > _EXACT and pairs * apart > 200:  # too few that differ are not normal
        return _nearly(pairs, gain - loss, apart, alpha)
    total = 0.0
    for n in _likely(pairs, apart):
        least = _least_wins(n, alpha)
        weight = _binomial(pairs, n, apart)
        if least is not None and weight > 1e-14:
            total += weight * _tail(n, least, gain / apart)
    return min(total, 1.0)


def detectable(
    pairs: int, loss: float = 0.0, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """Return the smallest difference of rates that is found with the chance `power`.

    None if not even a gain on every other item is found.
    """
    most = 1.0 - 2 * loss
    if most <= 0:
        return None
    return least(lambda gain: mcnemar_power(pairs, loss + gain, loss, alpha), power, most, 18)


def least(chance: Callable[[float], float], power: float, most: float, steps: int) -> float | None:
    """Return the smallest value from 0 to `most` with at least the chance `power`, by halving.

    Args:
        chance: of a value; it does not fall as the value rises.
        steps: halvings; the result is at most `most` / 2**steps too large.

    Returns:
        None if the chance of `most` itself is smaller.
    """
    low, high = 0.0, most
    if chance(most) < power:
        return None
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= power else (middle, high)
    return high


def effective(items: int, families: int, correlation: float) -> int:
    """Return the number of independent items that clustered items are worth, rounded down.

    Source: the design effect 1 + (m - 1) rho of Kish, Survey Sampling (1965),
    8.2, with m the mean size of a family.

    Args:
        correlation: of two items of one family, 0 (none) to 1 (identical).
    """
    if families < 1:
        return 0
    return int(items / (1 + (items / families - 1) * correlation) + 1e-9)


def shown_gain(gain: float) -> str:
    """Return a gain in points, with digits enough that it is not 0."""
    points = 100 * gain
    return f"{points:.0f}" if points >= 1 else f"{points:.2g}"


def _nearly(pairs: int, ahead: float, apart: float, alpha: float) -> float:
    """Return the power by the normal approximation (Connor, Biometrics 43 (1987) 207-211)."""
    normal = NormalDist()
    spread = sqrt(max(apart - ahead * ahead, 1e-300))
    wanted = normal.inv_cdf(1 - alpha / 2) * sqrt(apart)
    return normal.cdf((sqrt(pairs) * ahead - wanted) / spread)


@lru_cache(maxsize=4096)
def _least_wins(n: int, alpha: float) -> int | None:
    """Return how many of n discordant pairs must be won for p to be below alpha."""
    if mcnemar(n, 0) >= alpha:
        return None
    low, high = n // 2, n  # p falls with every win above half
    while high - low > 1:
        middle = (low + high) // 2
        if mcnemar(middle, n - middle) < alpha:
            high = middle
        else:
            low = middle
    return high


def _tail(n: int, least: int, p: float) -> float:
    """Return the chance of at least `least` of n at p each."""
    return sum(_binomial(n, k, p) for k in _likely(n, p) if k >= least)


def _likely(n: int, p: float) -> range:
    """Return all counts but those that together have a chance below 1e-12 (Hoeffding)."""
    spread = 4 * sqrt(n) + 1
    return range(max(0, ceil(n * p - spread)), min(n, int(n * p + spread)) + 1)


def _binomial(n: int, k: int, p: float) -> float:
    if p in (0.0, 1.0):
        return float(k == n * int(p))
    if n < 100:
        return comb(n, k) * p**k * (1 - p) ** (n - k)
    choose = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(choose + k * log(p) + (n - k) * log(1 - p))
