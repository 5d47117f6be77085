"""Measures of two runs over the same items: success, attempts, escalations, tokens, seconds.

An episode is everything that a run did with one item, in all its attempts. Every
measure is one sum over items divided by another, so its difference between two
runs has an interval by cluster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from harness_forge.core.results import Episode
from harness_forge.evaluation.bootstrap import (
    cluster_bootstrap,
    ratio_difference,
    with_width,
)
from harness_forge.evaluation.rates import rounded
from harness_forge.evaluation.statistics import mcnemar, sign_flip
from harness_forge.evaluation.units import units

Pair = tuple[Episode, Episode]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of two runs.

    Args:
        pairs: items that have it in both runs.
        first, second: its value in each; `difference` is the second minus the first,
            between `low` and `high`.
        only_first, only_second: for a yes or no, pairs with yes in that run alone.
        p: two-sided, by exact sign flips of clusters, for a yes or no; None for a mean.
        clusters: how many differed, on which p rests.
        p_items: the same by exact McNemar, which takes items as independent.
        better: 1 if more is better, -1 if less is.
        by_score: the bootstrap had no width, so the interval is a score interval.
    """

    pairs: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    better: int
    only_first: int | None = None
    only_second: int | None = None
    p: float | None = None
    clusters: int | None = None
    p_items: float | None = None
    by_score: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON; undefined values are null, p keeps its digits."""
        plain = rounded(asdict(self) | {"p": None, "p_items": None})
        shown = {
            k: None if isinstance(v, float) and not math.isfinite(v) else v
            for k, v in plain.items()
        }
        return {**shown, "p": self.p, "p_items": self.p_items}


@dataclass(frozen=True, slots=True)
class _Ratio:
    """The sum of one column divided by the sum of another; for rates and means alike."""

    better: int
    above: str
    below: str = "one"
    yes_or_no: bool = False


MEASURES: Mapping[str, _Ratio] = {
    "first_try": _Ratio(1, "first_try", yes_or_no=True),
    "success": _Ratio(1, "solved", yes_or_no=True),
    "escalated": _Ratio(-1, "escalated", yes_or_no=True),
    # Only over items that both runs solved in the end.
    "attempts_to_success": _Ratio(-1, "tries_to_success"),
    "tokens_per_attempt": _Ratio(-1, "tokens", "attempts"),
    "seconds_per_attempt": _Ratio(-1, "seconds", "attempts"),
    "usd_per_attempt": _Ratio(-1, "usd", "attempts"),
}
"""The measures; `better` is 1 if more is better, -1 if less is."""

_READ: Mapping[str, Callable[[Episode], Any]] = {
    "one": lambda episode: 1,
    "tries_to_success": lambda episode: episode.attempts if episode.solved else None,
    **{
        name: attrgetter(name)
        for name in ("first_try", "solved", "escalated", "tokens", "seconds", "usd", "attempts")
    },
}


def measured(pairs: Sequence[Pair], alpha: float, resamples: int, seed: int) -> dict[str, Measure]:
    """Return every measure of `MEASURES` that some pair has.

    Args:
        pairs: an item's episode in the first run and in the second.
        alpha: 1 - alpha is the intervals' level.
    """
    places = _clusters(pairs)
    runs = _columns(a for a, _ in pairs), _columns(b for _, b in pairs)
    found = {
        name: _measure(figure, runs, places, alpha, resamples, seed)
        for name, figure in MEASURES.items()
    }
    return {name: one for name, one in found.items() if one is not None}


def _columns(episodes: Iterable[Episode]) -> dict[str, np.ndarray]:
    """Return every column as numbers, shape (items,), nan for a missing value."""
    rows = list(episodes)
    return {name: np.array([read(e) for e in rows], float) for name, read in _READ.items()}


def _measure(
    figure: _Ratio,
    columns: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    clusters: np.ndarray,
    alpha: float,
    resamples: int,
    seed: int,
) -> Measure | None:
    """Return one measure over the items that have it in both runs; None if none has."""
    first, second = columns
    values = [
        run[name] for run in (second, first) for name in (figure.above, figure.below)
    ]  # second minus first
    has = ~np.isnan(values[0]) & ~np.isnan(values[2])
    if not has.any():
        return None
    own, others, other_counts = values[0][has], values[2][has], {}
    table = _by_cluster([value[has] for value in values], clusters[has])
    interval = cluster_bootstrap(table, ratio_difference, alpha, resamples, seed)
    if figure.yes_or_no:
        won, lost = int((own > others).sum()), int((others > own).sum())
        interval, by_score = with_width(interval, table[:, 1].tolist(), (won, lost), alpha)
        flips = sign_flip([(int(up - down), int(n)) for up, n, down, _ in table])
        other_counts = {"only_first": lost, "only_second": won, "by_score": by_score}
        other_counts |= {"p": flips.two_sided, "clusters": flips.clusters}
        other_counts["p_items"] = mcnemar(lost, won)
    above, below, above_first, below_first = table.sum(axis=0)
    return Measure(
        pairs=int(has.sum()),
        first=_share(above_first, below_first),
        second=_share(above, below),
        difference=interval.estimate,
        low=interval.low,
        high=interval.high,
        better=figure.better,
        **other_counts,
    )


def _clusters(pairs: Sequence[Pair]) -> np.ndarray:
    """Return the number of each pair's cluster, shape (pairs,)."""
    unit = units((a.skill, a) for a, _ in pairs)
    names = [unit[a.skill, a.unit] for a, _ in pairs]
    number = {name: n for n, name in enumerate(sorted(set(names)))}
    return np.array([number[name] for name in names])


def _by_cluster(values: Sequence[np.ndarray], clusters: np.ndarray) -> np.ndarray:
    """Return the sums of each cluster, shape (clusters, columns), in a fixed order."""
    _, place = np.unique(clusters, return_inverse=True)
    return np.stack([np.bincount(place, weights=value) for value in values], axis=1)


def _share(above: float, below: float) -> float:
    return float(above / below) if below else math.nan
