"""Health as metrics: one list of them, which the Prometheus text and OpenTelemetry both write.

Names are OpenTelemetry's: dots, and the unit apart. Their Prometheus names follow from them
by OpenTelemetry's rules for compatibility: underscores, and the unit at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness_forge.core.version import __version__
from harness_forge.report.health.alerts import AlertKind
from harness_forge.report.health.collect import Health
from harness_forge.report.health.series import OUTCOME, SCORE, Series

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Metric:
    """One gauge.

    Args:
        name: in OpenTelemetry's form, without unit.
        unit: by UCUM: s, By, 1 for a share, {attempt} for a count; '' for none.
        points: each value with what it is of.
    """

    name: str
    unit: str
    help: str
    points: list[tuple[Labels, float]]


def metrics(found: Health) -> list[Metric]:
    """Return the metrics of a report; one without a value is left out."""
    return [metric for metric in _all(found) if metric.points]


def _all(found: Health) -> Iterator[Metric]:
    def of_series(name: str, unit: str, text: str, read) -> Metric:
        values = [(_labels(one), read(one)) for one in found.series]
        known = [(labels, float(value)) for labels, value in values if value is not None]
        return Metric(f"harness_forge.{name}", unit, text, known)

    last, earlier = "in the last window", "in the days before the last window"
    yield Metric(
        "harness_forge.build.info", "", "Version of forge", [({"version": __version__}, 1.0)]
    )
    yield of_series(
        "window.attempts", "{attempt}", f"Attempts {last}", lambda one: one.recent["attempts"]
    )
    for key, name, unit, text in (
        ("outcome", "attempt.pass", "1", "Share of judged attempts that passed"),
        ("score", "judge.score", "1", "Mean score of the judge, 0 to 1"),
        ("tokens", "attempt.tokens", "{token}", "Mean tokens of an attempt"),
        ("seconds", "attempt.duration", "s", "Mean time of an attempt"),
        ("overhead_s", "proxy.overhead", "s", "Mean time that the proxy added to a request"),
    ):
        yield of_series(name, unit, f"{text} {last}", lambda one, key=key: one.recent[key])
        before = f"{name}.before"
        yield of_series(before, unit, f"{text} {earlier}", lambda one, key=key: one.before[key])
    for test, name in ((OUTCOME, "attempt.pass"), (SCORE, "judge.score")):
        yield of_series(
            f"{name}.change", "1", "Difference of the windows within families",
            lambda one, test=test: _tested(one, test, "change"),
        )  # fmt: skip
        yield of_series(
            f"{name}.decline.p_value", "", "One-sided p that it fell, adjusted (Holm)",
            lambda one, test=test: _tested(one, test, "p"),
        )  # fmt: skip
    yield from _states(found)


def _states(found: Health) -> Iterator[Metric]:
    def of(name: str, unit: str, text: str, points: list[tuple[Labels, Any]]) -> Metric:
        known = [(labels, float(value)) for labels, value in points if value is not None]
        return Metric(f"harness_forge.{name}", unit, text, known)

    skills = found.skills.items()
    yield of(
        "last_attempt.timestamp", "s", "Unix time of a skill's last attempt",
        [({"skill": name}, one.last.timestamp() if one.last else None) for name, one in skills],
    )  # fmt: skip
    yield of(
        "attempts.future", "{attempt}", "Attempts whose time has not come yet",
        [({"skill": name}, one.future) for name, one in skills],
    )  # fmt: skip
    yield of(
        "champion.change.timestamp", "s", "Unix time of a slot's last change of champion",
        [({"slot": one.slot}, one.changed.timestamp()) for one in found.slots],
    )  # fmt: skip
    yield of(
        "champion.rollbacks", "{rollback}", "Rollbacks of a slot in the last window",
        [({"slot": one.slot}, one.rollbacks) for one in found.slots],
    )  # fmt: skip
    for name, text in (("free", "Bytes free for this user"), ("total", "Size in bytes")):
        values = [({"path": one.path}, getattr(one, name)) for one in found.disks]
        yield of({"free": "disk.free", "total": "disk.size"}[name], "By", text, values)
    yield of("series.left_out", "{series}", "Series beyond health.series", [({}, found.left_out)])
    counts = [
        ({"kind": kind.value}, sum(alert.kind is kind for alert in found.alerts))
        for kind in AlertKind
    ]
    yield of("alerts", "{alert}", "Alerts that stand, by kind", counts)
    yield of("store.up", "", "1 where the store can be read", [({}, found.store_up)])
    yield of(
        "report.timestamp", "s", "Unix time of this report", [({}, found.window.now.timestamp())]
    )


def _labels(one: Series) -> Labels:
    return {"skill": one.skill, "model": one.model, "adapter": one.adapter, "role": one.role}


def _tested(one: Series, name: str, what: str) -> float | None:
    test = one.tests.get(name)
    if test is None or test.shift is None or test.why_not:
        return None
    return test.shift.change if what == "change" else test.p_lower
