"""Two policies on the same items, pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness_forge.core.errors import EvalError
from harness_forge.core.results import EvalResult
from harness_forge.evaluation.bootstrap import RESAMPLES, SEED, paired_interval
from harness_forge.evaluation.rates import belongs, parts, rounded
from harness_forge.evaluation.statistics import mcnemar, mcnemar_greater, sign_flip
from harness_forge.evaluation.units import Key, units

Pair = tuple[EvalResult, EvalResult]


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two policies on the pairs of one part or family.

    Args:
        pairs: items with a verdict on both sides.
        both: pairs that both passed; `only_first`, `only_second`, `neither` the others.
        difference: rate of the first minus rate of the second, None without pairs.
        low: lower bound of the difference, by cluster; `high` the upper.
        p_mcnemar: exact, two-sided; takes items as independent.
        p_mcnemar_greater: one-sided, that the first is better.
        p_clusters: exact, two-sided, by flipping signs of whole clusters.
        p_clusters_greater: one-sided, that the first is better.
        clusters: with a pair; `clusters_apart`, those in which the two differ.
        left_out: items without a verdict on at least one side.
        by_score: the bootstrap had no width, so the interval is a score interval.
    """

    pairs: int
    both: int
    only_first: int
    only_second: int
    neither: int
    difference: float | None
    low: float
    high: float
    p_mcnemar: float
    p_mcnemar_greater: float
    p_clusters: float
    p_clusters_greater: float
    clusters: int
    clusters_apart: int
    left_out: int
    by_score: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON; p values keep their digits, however small."""
        plain = asdict(self)
        exact = {key: value for key, value in plain.items() if key.startswith("p_")}
        return {**rounded(plain), **exact}


@dataclass(frozen=True, slots=True)
class DiscordantItem:
    """An item that only one of the two passed."""

    skill: str
    item_id: str
    part: str
    family: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first policy against the second.

    Args:
        parts: `new_rule` and `new_family` if they occur, and `all`.
        families: by `<skill>:<family>`; without intervals.
        gained: items that only the first passed.
        lost: items that only the second passed.
    """

    first: str
    second: str
    parts: Mapping[str, Difference]
    families: Mapping[str, Difference]
    gained: Sequence[DiscordantItem]
    lost: Sequence[DiscordantItem]

    def as_dict(self) -> dict[str, Any]:
        """Return by part the counts, difference, interval and p, as metrics files hold them."""
        return {part: difference.as_dict() for part, difference in self.parts.items()}


def compare(
    first: Iterable[EvalResult],
    second: Iterable[EvalResult],
    names: tuple[str, str] = ("first", "second"),
    *,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Pair two policies' results by skill and item, and compare them.

    Args:
        names: labels of the two, for messages and the result.
        alpha: 1 - alpha is the intervals' level.
        resamples: of the bootstrap; `seed` fixes its draws.

    Raises:
        EvalError: an item occurs twice in a list, the lists have different items,
            or they have an item in different parts or families.
    """
    pairs = paired(list(first), list(second), names)

    def over(chosen: Sequence[Pair]) -> Difference:
        return difference(chosen, alpha=alpha, resamples=resamples, seed=seed)

    named = parts(left for left, _ in pairs)
    families = sorted({(left.skill, left.family) for left, _ in pairs})
    return Comparison(
        first=names[0],
        second=names[1],
        parts={name: over([p for p in pairs if belongs(p[0], name)]) for name in named},
        families={
            f"{skill}:{family}": over(
                [p for p in pairs if (p[0].skill, p[0].family) == (skill, family)]
            )
            for skill, family in families
        },
        gained=[_flip(a) for a, b in _judged(pairs) if a.passed and not b.passed],
        lost=[_flip(a) for a, b in _judged(pairs) if b.passed and not a.passed],
    )


def difference(
    pairs: Sequence[Pair],
    *,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """Return the difference over pairs; those without two verdicts are left out and counted."""
    judged = _judged(pairs)
    both = sum(a.passed and b.passed for a, b in judged)
    only_first = sum(a.passed and not b.passed for a, b in judged)
    only_second = sum(b.passed and not a.passed for a, b in judged)
    clusters: dict[Key, list[int]] = {}
    unit = units((a.skill, a) for a, _ in judged)
    for a, b in judged:
        clusters.setdefault(unit[a.skill, a.unit], []).append(a.passed - b.passed)
    sums = [(sum(found), len(found)) for found in clusters.values()]
    interval, by_score = paired_interval(sums, (only_first, only_second), alpha, resamples, seed)
    flips = sign_flip(sums)
    return Difference(
        pairs=len(judged),
        both=both,
        only_first=only_first,
        only_second=only_second,
        neither=len(judged) - both - only_first - only_second,
        difference=interval.estimate if judged else None,
        low=interval.low,
        high=interval.high,
        p_mcnemar=mcnemar(only_first, only_second),
        p_mcnemar_greater=mcnemar_greater(only_first, only_second),
        p_clusters=flips.two_sided,
        p_clusters_greater=flips.greater,
        clusters=len(sums),
        clusters_apart=flips.clusters,
        left_out=len(pairs) - len(judged),
        by_score=by_score,
    )


def paired(
    first: Sequence[EvalResult], second: Sequence[EvalResult], names: tuple[str, str]
) -> list[Pair]:
    """Return two policies' results in pairs, sorted by skill and item; raises as `compare` does."""
    one, other = _keyed(first, names[0]), _keyed(second, names[1])
    odd = sorted(set(one) ^ set(other))
    if odd:
        raise EvalError(
            f"{names[0]} and {names[1]}",
            f"{len(odd)} items are in one and not in the other, the first is {'/'.join(odd[0])}",
            "both must have been asked the same items: run them again on one split",
        )
    pairs = [(one[key], other[key]) for key in sorted(one)]
    for a, b in pairs:
        if (a.part, a.family, a.group_key, a.cluster) != (b.part, b.family, b.group_key, b.cluster):
            raise EvalError(
                f"{names[0]} and {names[1]}",
                f"{a.skill}/{a.item_id} has another part, family, group or cluster in each",
                "the catalogue or the split changed between them: run both again",
            )
    return pairs


def _keyed(results: Sequence[EvalResult], name: str) -> dict[tuple[str, str], EvalResult]:
    found: dict[tuple[str, str], EvalResult] = {}
    for result in results:
        key = (result.skill, result.item_id)
        if key in found:
            what = f"{'/'.join(key)} is in it twice"
            raise EvalError(name, what, "an item counts once: its first try")
        found[key] = result
    return found


def _judged(pairs: Sequence[Pair]) -> list[Pair]:
    return [(a, b) for a, b in pairs if not (a.infrastructure or b.infrastructure)]


def _flip(result: EvalResult) -> DiscordantItem:
    return DiscordantItem(result.skill, result.item_id, result.part, result.family)
