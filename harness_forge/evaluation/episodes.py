"""Two whole runs over the same items, compared pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from harness_forge.core.errors import EvalError
from harness_forge.core.results import Episode
from harness_forge.evaluation.bootstrap import RESAMPLES, SEED
from harness_forge.evaluation.measures import Measure, Pair, measured
from harness_forge.evaluation.statistics import holm, mcnemar


@dataclass(frozen=True, slots=True)
class CategoryResult:
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
        fingerprint: of the compared items, from `fingerprint`.
        measures: by name; one that no pair has is absent.
        skills: first tries by skill, if there are several: training on one may
            hurt another.
        gained: items that only the second run passed at the first try; `lost` only the first.
        only_first, only_second: items of one run alone, left out.
    """

    items: int
    fingerprint: str
    measures: Mapping[str, Measure]
    categories: Mapping[str, CategoryResult]
    skills: Mapping[str, CategoryResult]
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
            "skills": {name: asdict(one) for name, one in self.skills.items()},
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
        common: compare the items of both and count the rest, instead of refusing.

    Raises:
        EvalError: no item is in both, an item is twice in one, or the runs have
            different items and `common` is not set.
    """
    one, other = _keyed(first, names[0]), _keyed(second, names[1])
    shared = sorted(one.keys() & other.keys())
    only = len(one) - len(shared), len(other) - len(shared)
    _demand_same(shared, only, names, common)
    pairs = [(one[key], other[key]) for key in shared]
    judged = _judged(pairs)
    return RunComparison(
        items=len(pairs),
        fingerprint=fingerprint(shared),
        measures=measured(pairs, alpha, resamples, seed),
        categories=_split(judged, lambda one: one.category or one.family),
        skills=_split(judged, lambda one: one.skill) if _several(judged) else {},
        gained=[b for a, b in judged if b.first_try and not a.first_try],
        lost=[b for a, b in judged if a.first_try and not b.first_try],
        only_first=only[0],
        only_second=only[1],
    )


def fingerprint(keys: Iterable[tuple[str, str]]) -> str:
    """Return 16 hex digits that are equal if the sets of (skill, item) are."""
    text = "".join(f"{skill}/{item}\n" for skill, item in sorted(keys))
    return sha256(text.encode()).hexdigest()[:16]


def _several(judged: Sequence[Pair]) -> bool:
    return len({a.skill for a, _ in judged}) > 1


def _split(judged: Sequence[Pair], by: Callable[[Episode], str]) -> dict[str, CategoryResult]:
    found: dict[str, list[int]] = {}
    for a, b in judged:
        counts = found.setdefault(by(a), [0, 0, 0, 0])
        counts[0] += 1
        counts[1] += bool(a.first_try)
        counts[2] += bool(b.first_try)
        counts[3] += bool(a.first_try and not b.first_try)
    names = sorted(found)
    # Passed only by the second: its passes, less those of both.
    won = {name: found[name][2] - (found[name][1] - found[name][3]) for name in names}
    p = [mcnemar(found[name][3], won[name]) for name in names]
    return {
        name: CategoryResult(
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


def _keyed(episodes: Iterable[Episode], name: str) -> dict[tuple[str, str], Episode]:
    found: dict[tuple[str, str], Episode] = {}
    for episode in episodes:
        key = (episode.skill, episode.item_id)
        if key in found:
            raise EvalError(name, f"{'/'.join(key)} is in it twice")
        found[key] = episode
    return found


def _demand_same(shared, only: tuple[int, int], names: tuple[str, str], common: bool) -> None:
    both = f"{names[0]} and {names[1]}"
    if not shared:
        raise EvalError(both, "have no item in common", "compare runs of one skill and split")
    if any(only) and not common:
        raise EvalError(
            both,
            f"have different items: {only[0]} are only in the first, {only[1]} only in the "
            f"second, {len(shared)} in both",
            "--common compares those in both",
        )
