"""Evidence from batches of items that nobody saw before: a test that may be looked at any time.

A fixed holdout can be asked only so often. Where items can be made without end, evidence adds
up instead: each batch of fresh items is a bet against "the first is no better", made with what
the batches before it left. If that is true, no bet is expected to win, so the chance that the
capital ever reaches 1/alpha is at most alpha, whenever anybody looks and however it is decided
to ask for another batch.

The unit is a cluster: it counts by the mean difference of its items, which may resemble each
other as they like. The bet is the same share of the capital on every cluster; the capital is
divided evenly among shares, so none has to be chosen. A batch counts once it is whole: read
as answers arrive, quick ones would count first.

What it speaks of: if each batch draws its clusters anew, of clusters like these. If the same
clusters come again with other items, of these clusters; a cluster that came twice by luck is
then no second proof about others. `once` says what holds beyond them: of each cluster the first
batch alone.

Source: Ville, Étude critique de la notion de collectif (1939); the even mixture over constant
bets is Cover's universal portfolio, Math. Finance 1 (1991) 1-29, as a test by betting in
Waudby-Smith and Ramdas, J. R. Stat. Soc. B 86 (2024) 1-27. That clusters of one batch may
differ as long as their mean is not above 0 follows from the inequality of the arithmetic and the
geometric mean, since all of them meet one bet.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np

SHARES = tuple(n / 20 for n in range(1, 20))
"""Shares of the capital that bets risk on a cluster: 5% to 95%."""
_LARGEST = 700.0
"""exp() of more is no float."""

Cluster = Hashable
FreshBatch = Mapping[Cluster, tuple[int, int]]
"""Of each cluster: items that only the first passed minus items that only the second passed,
and its items."""


@dataclass(frozen=True, slots=True)
class Capital:
    """What the bets came to.

    Args:
        e_value: capital after the last batch, of 1 before the first.
        p: valid whenever looked at: 1 over the highest capital after any batch, at most 1.
        clusters: bets made.
    """

    e_value: float
    p: float
    clusters: int


@dataclass(frozen=True, slots=True)
class FreshEvidence:
    """What all batches say about the first being better.

    Args:
        batches, items: how many.
        only_first: items that only the first passed; `only_second` the other.
        difference: mean over the clusters of each batch, every cluster with the same weight;
            None without items.
        whole: every cluster of every batch.
        once: of each cluster the first batch alone.
    """

    batches: int
    items: int
    only_first: int
    only_second: int
    difference: float | None
    whole: Capital
    once: Capital


def capital(batches: Sequence[FreshBatch]) -> Capital:
    """Return what bets on batches came to, the oldest first.

    Raises:
        ValueError: a cluster without items, or a difference larger than its items.
    """
    shares = np.array(SHARES)
    logs, best, clusters = np.zeros(len(SHARES)), 0.0, 0
    now = 0.0
    for batch in batches:
        for ahead, items in batch.values():
            if items < 1 or abs(ahead) > items:
                raise ValueError(f"no cluster of {items} items has a difference of {ahead}")
            logs += np.log1p(shares * (ahead / items))
        clusters += len(batch)
        high = float(logs.max())
        now = high + log(float(np.exp(logs - high).mean()))
        best = max(best, now)
    return Capital(exp(now) if now < _LARGEST else inf, exp(-best), clusters)


def fresh_evidence(batches: Sequence[FreshBatch], wins: tuple[int, int]) -> FreshEvidence:
    """Return what batches of fresh items say, the oldest first.

    Args:
        wins: items that only the first passed, and that only the second passed.
    """
    means = [ahead / items for batch in batches for ahead, items in batch.values()]
    return FreshEvidence(
        batches=len(batches),
        items=sum(items for batch in batches for _, items in batch.values()),
        only_first=wins[0],
        only_second=wins[1],
        difference=sum(means) / len(means) if means else None,
        whole=capital(batches),
        once=capital(first_time(batches)),
    )


def first_time(batches: Sequence[FreshBatch]) -> list[FreshBatch]:
    """Return the batches without the clusters that an earlier one had."""
    seen: set[Cluster] = set()
    found: list[FreshBatch] = []
    for batch in batches:
        found.append({name: one for name, one in batch.items() if name not in seen})
        seen |= set(batch)
    return found
