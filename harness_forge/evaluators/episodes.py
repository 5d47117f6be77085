"""Two whole runs over the same items, compared pair by pair.

An episode is all that a run did with one item: as many attempts as it was
given. What is compared is what a harness is run for: success at the first try
and in the end, attempts it took, items given up on, tokens and seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from harness_forge.errors import EvalError
from harness_forge.evaluators.bootstrap import (
    RESAMPLES,
    SEED,
    cluster_bootstrap,
    ratio_difference,
)
from harness_forge.evaluators.rates import rounded
from harness_forge.evaluators.statistics import holm, mcnemar


class Episode(NamedTuple):
    """What one run did with one work item.

    Args:
        category: what the harness files the item under; `family` is drawn as a whole.
        first_try, solved: None where the evaluator gave no verdict.
        escalated: it was given up on.
        attempts: how many there were.
        tokens: prompts and answers of all attempts; None where they were not counted.
        seconds: all attempts together; None where they were not timed.
    """

    skill: str
    item_id: str
    title: str
    family: str
    category: str
    first_try: bool | None
    solved: bool | None
    escalated: bool
    attempts: int
    tokens: int | None
    seconds: float | None


Pair = tuple[Episode, Episode]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of two runs.

    Args:
        pairs: items that have it in both runs.
        first, second: its value in each; `difference` is the second minus the first,
            between `low` and `high`.
        only_first, only_second: for a yes or no, pairs with yes in that run alone.
        p: exact two-sided McNemar for a yes or no; None for a mean.
        better: 1 where more is better, -1 where less is.
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

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON; what is undefined is null, p keeps its digits."""
        plain = rounded(asdict(self) | {"p": None})
        shown = {
            k: None if isinstance(v, float) and not math.isfinite(v) else v
            for k, v in plain.items()
        }
        return {**shown, "p": self.p}


@dataclass(frozen=True, slots=True)
class Category:
    """First tries in one category; `p_holm` is adjusted for the number of categories."""

    pairs: int
    first: float
    second: float
    only_first: int
    only_second: int
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class RunComparison:
    """The second run against the first.

    Args:
        fingerprint: of the compared items, as `fingerprint` makes it.
        measures: by name; one that no pair has is absent.
        gained: items that only the second run passed at the first try; `lost` only the first.
        only_first, only_second: items that stand in one run alone, left out.
    """

    items: int
    fingerprint: str
    measures: Mapping[str, Measure]
    categories: Mapping[str, Category]
    gained: Sequence[Episode]
    lost: Sequence[Episode]
    only_first: int
    only_second: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, flips as item ids."""
        return {
            "items": self.items,
            "fingerprint": self.fingerprint,
            "left_out": {"only_first": self.only_first, "only_second": self.only_second},
            "measures": {name: one.as_dict() for name, one in self.measures.items()},
            "categories": {name: asdict(one) for name, one in self.categories.items()},
            "gained": [one.item_id for one in self.gained],
            "lost": [one.item_id for one in self.lost],
        }


def compare_runs(
    first: Iterable[Episode],
    second: Iterable[Episode],
    names: tuple[str, str] = ("first", "second"),
    *,
    common: bool = False,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> RunComparison:
    """Compare two runs, item by item.

    Args:
        common: compare what both have and count the rest, instead of refusing.

    Raises:
        EvalError: no item stands in both, an item stands twice in one, or the
            runs hold different items and `common` is not set.
    """
    one, other = _keyed(first, names[0]), _keyed(second, names[1])
    shared = sorted(one.keys() & other.keys())
    only = len(one) - len(shared), len(other) - len(shared)
    _demand_same(shared, only, names, common)
    pairs = [(one[key], other[key]) for key in shared]
    families = _families(pairs)
    columns = _columns(one[key] for key in shared), _columns(other[key] for key in shared)
    measures = {}
    for name, figure in MEASURES.items():
        found = _measure(figure, columns, families, alpha, resamples, seed)
        if found is not None:
            measures[name] = found
    judged = _judged(pairs)
    return RunComparison(
        items=len(pairs),
        fingerprint=fingerprint(shared),
        measures=measures,
        categories=_categories(judged),
        gained=[b for a, b in judged if b.first_try and not a.first_try],
        lost=[b for a, b in judged if a.first_try and not b.first_try],
        only_first=only[0],
        only_second=only[1],
    )


def fingerprint(keys: Iterable[tuple[str, str]]) -> str:
    """Return 16 hex digits that are equal where the sets of (skill, item) are."""
    text = "".join(f"{skill}/{item}\n" for skill, item in sorted(keys))
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A sum over items of one column divided by that of another; rates and means alike."""

    better: int
    above: str
    below: str = "one"
    yes_or_no: bool = False


MEASURES: Mapping[str, _Figure] = {
    "first_try": _Figure(1, "first_try", yes_or_no=True),
    "success": _Figure(1, "solved", yes_or_no=True),
    "escalated": _Figure(-1, "escalated", yes_or_no=True),
    # Over items that both runs solved in the end: the others have no such number.
    "attempts_to_success": _Figure(-1, "tries_to_success"),
    "tokens_per_attempt": _Figure(-1, "tokens", "attempts"),
    "seconds_per_attempt": _Figure(-1, "seconds", "attempts"),
}
"""What is compared; `better` is 1 where more is better, -1 where less is."""

_READ: Mapping[str, Callable[[Episode], Any]] = {
    "one": lambda episode: 1,
    "tries_to_success": lambda episode: episode.attempts if episode.solved else None,
    **{
        name: attrgetter(name)
        for name in ("first_try", "solved", "escalated", "tokens", "seconds", "attempts")
    },
}


def _columns(episodes: Iterable[Episode]) -> dict[str, np.ndarray]:
    """Return every column as numbers, shape (items,), nan where there is none."""
    rows = list(episodes)
    return {name: np.array([read(e) for e in rows], float) for name, read in _READ.items()}


def _measure(
    figure: _Figure,
    columns: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    families: np.ndarray,
    alpha: float,
    resamples: int,
    seed: int,
) -> Measure | None:
    """Return one figure over the items that have it in both runs; None where none has."""
    first, second = columns
    values = [
        run[name] for run in (second, first) for name in (figure.above, figure.below)
    ]  # second minus first
    has = ~np.isnan(values[0]) & ~np.isnan(values[2])
    if not has.any():
        return None
    own, others, other_counts = values[0][has], values[2][has], {}
    table = _by_family([value[has] for value in values], families[has])
    interval = cluster_bootstrap(table, ratio_difference, alpha, resamples, seed)
    if figure.yes_or_no:
        won, lost = int((own > others).sum()), int((others > own).sum())
        other_counts = {"only_first": lost, "only_second": won, "p": mcnemar(lost, won)}
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


def _families(pairs: Sequence[Pair]) -> np.ndarray:
    """Return the number of each pair's family, shape (pairs,)."""
    names = [(a.skill, a.family) for a, _ in pairs]
    number = {name: n for n, name in enumerate(sorted(set(names)))}
    return np.array([number[name] for name in names])


def _by_family(values: Sequence[np.ndarray], families: np.ndarray) -> np.ndarray:
    """Return the sums of each family, shape (families, columns), in a fixed order."""
    _, place = np.unique(families, return_inverse=True)
    return np.stack([np.bincount(place, weights=value) for value in values], axis=1)


def _categories(judged: Sequence[Pair]) -> dict[str, Category]:
    found: dict[str, list[int]] = {}
    for a, b in judged:
        counts = found.setdefault(a.category or a.family, [0, 0, 0, 0])
        counts[0] += 1
        counts[1] += bool(a.first_try)
        counts[2] += bool(b.first_try)
        counts[3] += bool(a.first_try and not b.first_try)
    names = sorted(found)
    # What only the second passed: its passes, less those that both did.
    won = {name: found[name][2] - (found[name][1] - found[name][3]) for name in names}
    p = [mcnemar(found[name][3], won[name]) for name in names]
    return {
        name: Category(
            pairs=found[name][0],
            first=found[name][1] / found[name][0],
            second=found[name][2] / found[name][0],
            only_first=found[name][3],
            only_second=won[name],
            p=plain,
            p_holm=adjusted,
        )
        for name, plain, adjusted in zip(names, p, holm(p), strict=True)
    }


def _judged(pairs: Sequence[Pair]) -> list[Pair]:
    return [(a, b) for a, b in pairs if a.first_try is not None and b.first_try is not None]


def _share(above: float, below: float) -> float:
    return float(above / below) if below else math.nan


def _keyed(episodes: Iterable[Episode], name: str) -> dict[tuple[str, str], Episode]:
    found: dict[tuple[str, str], Episode] = {}
    for episode in episodes:
        key = (episode.skill, episode.item_id)
        if key in found:
            raise EvalError(name, f"{'/'.join(key)} stands in it twice")
        found[key] = episode
    return found


def _demand_same(shared, only: tuple[int, int], names: tuple[str, str], common: bool) -> None:
    both = f"{names[0]} and {names[1]}"
    if not shared:
        raise EvalError(both, "have no item in common", "compare runs of one skill and split")
    if any(only) and not common:
        raise EvalError(
            both,
            f"hold different items: {only[0]} stand only in the first, {only[1]} only in the "
            f"second, {len(shared)} in both",
            "--common compares those that stand in both",
        )
