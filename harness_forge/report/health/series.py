"""Series of results by skill, model, adapter and role, day by day, and what changed in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from harness_forge.config.health import HealthConfig
from harness_forge.evaluation.shifts import Shift, shift
from harness_forge.evaluation.statistics import holm
from harness_forge.store.activity import BINS, Cell, Overhead, SeriesKey

OUTCOME, SCORE = "outcome", "score"
"""What is tested: the share that passed, and the judge's score."""


@dataclass(frozen=True)
class HealthWindow:
    """The days that are compared, in UTC.

    Args:
        now: the time of the report; what is later is of the future.
        before: first of the earlier days; `recent` first of the last days.
    """

    now: datetime
    before: date
    recent: date

    @property
    def since(self) -> datetime:
        """The first instant that counts."""
        return datetime(*self.before.timetuple()[:3], tzinfo=self.now.tzinfo)


def window(config: HealthConfig, now: datetime) -> HealthWindow:
    """Return the days that are compared."""
    recent = now.date() - timedelta(days=config.window_days - 1)
    return HealthWindow(now, recent - timedelta(days=config.before_days), recent)


@dataclass
class Day:
    """One day of a series.

    Args:
        attempts: all; `judged` those with a verdict, of which `passed`.
        value: mean outcome value; None without any.
        values: how many outcome values are in each fifth of 0 to 1.
        score: mean of a judge's scores; None without any.
        scores: how many scores are in each fifth of 0 to 1.
        tokens: mean of an attempt; None where none is known.
        seconds: mean of an attempt.
        overhead_s: mean that the proxy added to a request; None where it took none.
    """

    day: date
    attempts: int = 0
    judged: int = 0
    passed: int = 0
    value: float | None = None
    values: list[int] = field(default_factory=lambda: [0] * BINS)
    score: float | None = None
    scores: list[int] = field(default_factory=lambda: [0] * BINS)
    tokens: float | None = None
    seconds: float | None = None
    overhead_s: float | None = None


@dataclass(frozen=True)
class ShiftTest:
    """One comparison of the last days with those before.

    Args:
        shift: what was found; None if it was not tested.
        p_lower, p_greater: adjusted over all series (Holm); 1 where not tested.
        why_not: why it was not tested; '' if it was.
    """

    shift: Shift | None
    p_lower: float = 1.0
    p_greater: float = 1.0
    why_not: str = ""


@dataclass
class Sums:
    """Sums of one kind of result, by day and family."""

    counts: dict[tuple[date, str], int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[tuple[date, str], float] = field(default_factory=lambda: defaultdict(float))

    def add(self, day: date, family: str, count: int, total: float) -> None:
        """Add results."""
        self.counts[day, family] += count
        self.sums[day, family] += total

    def tables(self) -> tuple[list[date], np.ndarray, np.ndarray]:
        """Return the days with results, and counts and sums, days x families."""
        places = [place for place, count in self.counts.items() if count]
        days = sorted({day for day, _ in places})
        families = sorted({family for _, family in places})
        at, column = ({one: n for n, one in enumerate(ones)} for ones in (days, families))
        counts = np.zeros((len(days), len(families)))
        totals = np.zeros_like(counts)
        for day, family in places:
            counts[at[day], column[family]] = self.counts[day, family]
            totals[at[day], column[family]] = self.sums[day, family]
        return days, counts, totals


@dataclass
class Series:
    """What one model did in one role of one skill.

    Args:
        days: those with attempts or scores, oldest first.
        tests: by what is tested.
        recent, before: what `means` gives of the last days, and of those before.
        results: what the tests are of.
    """

    skill: str
    model: str
    adapter: str
    role: str
    days: list[Day]
    tests: dict[str, ShiftTest] = field(default_factory=dict)
    recent: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Sums] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Skill, model with adapter, and role, as people read it."""
        who = f"{self.model}+{self.adapter}" if self.adapter else self.model
        return " ".join(part for part in (self.skill, who, self.role) if part)


Score = tuple[SeriesKey, str, date, float]
"""Whose, of which family, when, and how much."""


def build(
    skill: str,
    cells: Iterable[Cell],
    scores: Iterable[Score],
    overheads: Iterable[Overhead],
    when: HealthWindow,
) -> list[Series]:
    """Return a skill's series, not yet tested."""
    days: dict[SeriesKey, dict[date, Day]] = defaultdict(dict)
    results = {name: defaultdict(Sums) for name in (OUTCOME, SCORE)}
    totals: dict[tuple[SeriesKey, date], np.ndarray] = defaultdict(lambda: np.zeros(5))
    for cell in cells:
        day = days[cell.key].setdefault(cell.day, Day(cell.day))
        day.attempts += cell.attempts
        day.judged += cell.judged
        day.passed += cell.passed
        day.values = [a + b for a, b in zip(day.values, cell.bins, strict=True)]
        totals[cell.key, cell.day] += (
            cell.value, sum(cell.bins), cell.tokens, cell.tokens_of, cell.seconds
        )  # fmt: skip
        results[OUTCOME][cell.key].add(cell.day, cell.family, cell.judged, cell.passed)
    for (key, at), (value, of, tokens, tokens_of, spent) in totals.items():
        day = days[key][at]
        day.value = float(value / of) if of else None
        day.tokens = float(tokens / tokens_of) if tokens_of else None
        day.seconds = float(spent / day.attempts)
    for key, family, at, score in scores:
        day = days[key].setdefault(at, Day(at))
        day.scores[min(int(score * BINS), BINS - 1)] += 1
        day.score = (day.score or 0.0) + score
        results[SCORE][key].add(at, family, 1, score)
    for known in days.values():
        for day in known.values():
            if day.score is not None:
                day.score /= sum(day.scores)
    # The proxy knows the model as it was asked for; an adapter's own name is one too.
    for one in overheads:
        for key in days:
            named = one.model in (key.model, key.adapter) and one.role in ("", key.role)
            if named and one.day in days[key]:
                days[key][one.day].overhead_s = one.total_s / one.requests
    made = []
    for key, known in days.items():
        series = Series(skill, *key, [known[at] for at in sorted(known)])
        series.recent = means(day for day in series.days if day.day >= when.recent)
        series.before = means(day for day in series.days if day.day < when.recent)
        series.results = {name: sums[key] for name, sums in results.items() if key in sums}
        made.append(series)
    return made


def means(days: Iterable[Day]) -> dict[str, Any]:
    """Return attempts, judged and passed, and the means over some days of what is known."""
    days = list(days)
    found: dict[str, Any] = {
        name: sum(getattr(day, name) for day in days) for name in ("attempts", "judged", "passed")
    }
    found["outcome"] = found["passed"] / found["judged"] if found["judged"] else None
    weights = {
        "value": lambda day: sum(day.values),
        "score": lambda day: sum(day.scores),
        "tokens": lambda day: day.attempts,
        "seconds": lambda day: day.attempts,
        "overhead_s": lambda day: day.attempts,
    }
    for name, weight in weights.items():
        known = [(getattr(day, name), weight(day)) for day in days]
        known = [(mean, n) for mean, n in known if mean is not None and n]
        total = sum(n for _, n in known)
        found[name] = sum(mean * n for mean, n in known) / total if total else None
    return found


def compare(series: Sequence[Series], when: HealthWindow, config: HealthConfig, seed: int) -> None:
    """Test each series, and adjust the p values for their number, each side by itself (Holm)."""
    for one in series:
        one.tests = {name: _test(sums, when, config, seed) for name, sums in one.results.items()}
    places = [
        (one, name)
        for one in series
        for name, test in one.tests.items()
        if test.shift and not test.why_not
    ]
    lower = holm([one.tests[name].shift.lower for one, name in places])
    greater = holm([one.tests[name].shift.greater for one, name in places])
    for (one, name), low, high in zip(places, lower, greater, strict=True):
        one.tests[name] = ShiftTest(one.tests[name].shift, low, high)


def _test(found: Sums, when: HealthWindow, config: HealthConfig, seed: int) -> ShiftTest:
    days, counts, sums = found.tables()
    recent = np.array([day >= when.recent for day in days], dtype=bool)
    least = config.declining.attempts
    here, there = int(counts[recent].sum()), int(counts[~recent].sum())
    if min(here, there) < least:
        return ShiftTest(
            None, why_not=f"{there} before and {here} in the window: {least} are needed"
        )
    shown = shift(counts, sums, recent, seed)
    if shown.change is None:
        return ShiftTest(shown, why_not="no family was attempted in both windows")
    if shown.smallest > config.declining.alpha:
        said = f"{shown.days_before} and {shown.days_recent} days are too few for alpha"
        return ShiftTest(shown, why_not=f"{said} {config.declining.alpha:g}")
    return ShiftTest(shown, shown.lower, shown.greater)


def largest(series: Sequence[Series], most: int) -> tuple[list[Series], int]:
    """Return those with the most attempts in their old order, and how many are left out."""
    ranked = sorted(series, key=lambda one: -sum(day.attempts for day in one.days))[:most]
    kept = {id(one) for one in ranked}
    return [one for one in series if id(one) in kept], len(series) - len(ranked)
