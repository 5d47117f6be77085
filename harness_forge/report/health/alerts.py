"""What raises an alert: each says what was measured, the threshold, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from harness_forge.config.health import HealthConfig
from harness_forge.core.numbers import count, counted, level, p_value, percent, points, size
from harness_forge.report.health.disk import DiskSpace
from harness_forge.report.health.series import OUTCOME, SCORE, Series
from harness_forge.report.health.slots import SlotState
from harness_forge.store.activity import Recency

_DAY_S = 86_400.0


class AlertKind(StrEnum):
    """What an alert is about."""

    DECLINING = "declining"
    STUCK = "stuck"
    NO_DATA = "no_data"
    ROLLBACKS = "rollbacks"
    DISK = "disk"
    CLOCK = "clock"
    STORE = "store"
    LEDGER = "ledger"


@dataclass(frozen=True)
class Alert:
    """One thing that somebody must look at.

    Args:
        subject: the series, skill, slot or disk.
        skill: whose it is; '' for all.
        value, threshold: as people read them.
        measured, limit: the same as numbers; None where it is none.
    """

    kind: AlertKind
    subject: str
    value: str
    threshold: str
    remedy: str
    skill: str = ""
    measured: float | None = None
    limit: float | None = None


_WORDS = {OUTCOME: "passed", SCORE: "the judge's score"}


def declining(series: Sequence[Series], config: HealthConfig) -> Iterator[Alert]:
    """Yield an alert for each result that fell by the test, and by enough to matter."""
    limits = config.declining
    for one in series:
        for name, test in one.tests.items():
            found = test.shift
            if not fell(one, name, config) or found is None:
                continue
            yield Alert(
                AlertKind.DECLINING,
                one.name,
                f"{_WORDS[name]} {percent(found.before)} before, {percent(found.recent)} in the "
                f"last {counted(config.window_days, 'day')}: {points(found.change)} points within "
                f"families, p = {p_value(test.p_lower)}",
                f"a fall of {points(limits.drop).lstrip('+')} points or more with p at most "
                f"{level(limits.alpha)}",
                _remedy(one),
                one.skill,
                found.change,
                -limits.drop,
            )


def _remedy(one: Series) -> str:
    if one.adapter:
        return "forge health --days shows since when; forge rollback takes the adapter down"
    return "forge health --days shows since when: was the model, a prompt or the evaluator changed?"


def fell(one: Series, name: str, config: HealthConfig) -> bool:
    """Return whether a result fell by the test, and by enough."""
    test, limits = one.tests[name], config.declining
    if not limits.alpha or not test.shift or test.why_not or test.shift.change is None:
        return False
    return test.p_lower <= limits.alpha and -test.shift.change >= limits.drop


def rose(one: Series, config: HealthConfig) -> bool:
    """Return whether a result rose by the test, by however little."""
    tested = [test for test in one.tests.values() if test.shift and not test.why_not]
    return any(test.p_greater <= config.declining.alpha for test in tested)


def stuck(
    slots: Sequence[SlotState], series: Sequence[Series], config: HealthConfig, now: datetime
) -> Iterator[Alert]:
    """Yield an alert for each slot that long has the same champion, and nothing that rose."""
    limit = config.stuck.days
    for one in slots:
        days = (now - one.changed).total_seconds() / _DAY_S
        own = [each for each in series if each.skill == one.skill]
        if not limit or days < limit or any(rose(each, config) for each in own):
            continue
        yield Alert(
            AlertKind.STUCK,
            one.slot,
            f"{'champion ' + one.champion if one.champion else 'no champion'} since "
            f"{count(days)} days, {counted(one.decided, 'decision')} since then; no series rose",
            f"{limit:g} days",
            f"forge champion {one.slot} says why none was promoted; "
            "forge power says what the held-out items can show",
            one.skill,
            days,
            limit,
        )


def no_data(
    known: dict[str, Recency], config: HealthConfig, now: datetime, empty: bool
) -> Iterator[Alert]:
    """Yield an alert for each skill without new attempts.

    Args:
        known: by skill.
        empty: the store could be read and holds no skill.
    """
    limit = config.no_data.days
    bring = "forge ingest, forge run or forge proxy bring records in"
    if not limit:
        return
    since = f"{limit:g} days without an attempt"
    if empty or (known and all(one.last is None for one in known.values())):
        yield Alert(AlertKind.NO_DATA, "store", "no skill has records", since, bring)
    for skill, recency in known.items():
        # A schema that an upgrade made is no harness that went silent.
        if recency.last is None:
            continue
        days = (now - recency.last).total_seconds() / _DAY_S
        if days > limit:
            remedy = f"does the harness still run? {bring}; health=imported expects none"
            value = f"the last attempt was {days:.1f} days ago"
            yield Alert(AlertKind.NO_DATA, skill, value, since, remedy, skill, days, limit)


def rollbacks(slots: Sequence[SlotState], config: HealthConfig) -> Iterator[Alert]:
    """Yield an alert for each slot whose champions were taken down too often."""
    most = config.rollbacks.most
    for one in slots:
        if 0 <= most < one.rollbacks:
            yield Alert(
                AlertKind.ROLLBACKS,
                one.slot,
                f"{counted(one.rollbacks, 'rollback')} in {counted(config.window_days, 'day')}",
                f"more than {most}",
                f"forge champion {one.slot} shows each with its reason",
                one.skill,
                one.rollbacks,
                most,
            )


def disk(disks: Sequence[DiskSpace], config: HealthConfig) -> Iterator[Alert]:
    """Yield an alert for each disk that is nearly full."""
    limits = config.disk
    for one in disks:
        least = max(limits.free_gb * 1e9, one.total * limits.free_percent / 100)
        if one.free < least:
            yield Alert(
                AlertKind.DISK,
                one.path,
                f"{size(one.free)} of {size(one.total)} free",
                f"{size(least)} (health.disk)",
                "forge store status, forge workset ls say what takes space; dvc gc -w frees some",
                "",
                one.free,
                least,
            )


def clock(known: dict[str, Recency], now: datetime) -> Iterator[Alert]:
    """Yield an alert for each skill with attempts of the future, which no window counts."""
    for skill, recency in known.items():
        if recency.furthest is None:
            continue
        ahead = (recency.furthest - now).total_seconds()
        yield Alert(
            AlertKind.CLOCK,
            skill,
            f"{counted(recency.future, 'attempt')} of the future, the latest of "
            f"{recency.furthest:%Y-%m-%d %H:%M} UTC",
            f"now, {now:%Y-%m-%d %H:%M} UTC",
            "forge doctor looks at this machine's clock; otherwise the harness's clock was ahead",
            skill,
            ahead,
            0.0,
        )
