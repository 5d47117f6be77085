"""Health as plain JSON, and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from harness_forge.core.numbers import (
    NONE,
    count,
    counted,
    number,
    p_value,
    percent,
    points,
    seconds,
    size,
)
from harness_forge.report.health.collect import Health
from harness_forge.report.health.series import OUTCOME, SCORE, Series, ShiftTest


def as_json(found: Health) -> dict[str, Any]:
    """Return all of it; no text of any conversation and no secret is in it."""
    when = found.window
    return {
        "healthy": found.healthy,
        "trend": found.trend,
        "message": found.message,
        "at": when.now,
        "window": {"before": when.before, "recent": when.recent, "until": when.now},
        "alerts": found.alerts,
        "every": found.every,
        "skills": {name: asdict(one) for name, one in found.skills.items()},
        "series": [_series(one) for one in found.series],
        "series_left_out": found.left_out,
        "slots": found.slots,
        "disks": found.disks,
        "store_up": found.store_up,
    }


def _series(one: Series) -> dict[str, Any]:
    who = {name: getattr(one, name) for name in ("skill", "model", "adapter", "role")}
    tests = {name: _test(test) for name, test in one.tests.items()}
    return {**who, "before": one.before, "recent": one.recent, "tests": tests, "days": one.days}


def _test(test: ShiftTest) -> dict[str, Any]:
    shown = asdict(test.shift) if test.shift else {}
    adjusted = {"p_lower_adjusted": test.p_lower, "p_greater_adjusted": test.p_greater}
    if not test.shift or test.why_not:
        adjusted = dict.fromkeys(adjusted)
    return {**shown, **adjusted, "not_tested": test.why_not or None}


HEAD = ("series", "attempts", "passed", "before", "change", "p", "score", "before", "change", "p",
        "tokens", "before", "overhead", "before")  # fmt: skip
"""Columns of the table of series."""


def table(found: Health) -> list[tuple[str, ...]]:
    """Return the head and a row for each series; a column that knows nothing is left out."""
    rows = [HEAD, *map(_row, found.series)]
    kept = [at for at in range(len(HEAD)) if at < 3 or any(row[at] != NONE for row in rows[1:])]
    return [tuple(row[at] for at in kept) for row in rows]


def _row(one: Series) -> tuple[str, ...]:
    now, then = one.recent, one.before
    return (
        one.name,
        count(now["attempts"]),
        percent(now["outcome"]),
        percent(then["outcome"]),
        *_change(one, OUTCOME),
        number(now["score"]),
        number(then["score"]),
        *_change(one, SCORE),
        *(NONE if each["tokens"] is None else count(each["tokens"]) for each in (now, then)),
        *(NONE if s is None else seconds(s) for s in (now["overhead_s"], then["overhead_s"])),
    )


def _change(one: Series, name: str) -> tuple[str, str]:
    """Return a change within families and the smaller of its p values."""
    test = one.tests.get(name)
    if test is None or test.shift is None or test.shift.change is None or test.why_not:
        return NONE, NONE
    return points(test.shift.change), p_value(min(test.p_lower, test.p_greater))


DAYS_HEAD = ("day", "attempts", "passed", "value", "score", "scores by fifths", "tokens",
             "seconds", "overhead")  # fmt: skip
"""Columns of the table of days."""


def day_rows(one: Series) -> Iterator[tuple[str, ...]]:
    """Yield a row for each day of a series."""
    for day in one.days:
        yield (
            str(day.day),
            count(day.attempts),
            percent(day.passed / day.judged if day.judged else None),
            number(day.value),
            number(day.score),
            " ".join(map(count, day.scores)) if any(day.scores) else NONE,
            NONE if day.tokens is None else count(day.tokens),
            number(day.seconds),
            NONE if day.overhead_s is None else seconds(day.overhead_s),
        )


def notes(found: Health, days: int) -> Iterator[str]:
    """Yield what a reader of the table must know."""
    if found.series:
        yield (
            f"attempts, passed, score, tokens, overhead: the last {counted(days, 'day')} (UTC); "
            f"before: from {found.window.before} on"
        )
        yield "change, p: points within families, by a permutation test of days (Holm over all)"
    if found.left_out:
        yield f"{counted(found.left_out, 'series')} with fewer attempts left out: health.series"
    yield from _counted(found)
    for one in found.series:
        for name, test in one.tests.items():
            if test.why_not:
                yield f"{one.name}: {name} not tested: {test.why_not}"


def _counted(found: Health) -> Iterator[str]:
    """Yield how many attempts of the days are counted, and which are not."""
    within, held, evaluated, broken = (
        sum(getattr(one, name) for one in found.skills.values())
        for name in ("within", "held_out", "evaluated", "made_to_fail")
    )
    if not within:
        return
    others = 0 if found.every else evaluated + broken
    yield f"counted: {count(within - held - others)} of {counted(within, 'attempt')} in these days"
    if others:
        yield (
            f"  not counted: {count(evaluated)} of evaluation runs, "
            f"{count(broken)} made to fail; health.every=true counts them too"
        )
    if held:
        yield f"  never counted: {count(held)} of held-out items, for that would be a look at them"


def alert_lines(found: Health) -> Iterator[str]:
    """Yield three lines for each alert: value, threshold, remedy."""
    for alert in found.alerts:
        yield f"{alert.kind.value:<10} {alert.subject}: {alert.value}"
        yield f"{'':<10} threshold: {alert.threshold}"
        yield f"{'':<10} remedy: {alert.remedy}"


def places(found: Health) -> Iterator[str]:
    """Yield a line for each slot and disk."""
    for one in found.slots:
        who = one.champion or "no champion"
        yield (
            f"slot {one.slot}: {who} since {one.changed:%Y-%m-%d}, "
            f"{counted(one.decided, 'decision')} since, {counted(one.rollbacks, 'rollback')}"
        )
    for disk in found.disks:
        yield f"disk {disk.path}: {size(disk.free)} of {size(disk.total)} free"
