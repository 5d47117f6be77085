"""Collects what health is judged by: the store of every skill, scores, the ledger, the disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError, EvalError, ForgeError, StoreError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.numbers import counted
from harness_forge.report.health import alerts as alerting
from harness_forge.report.health import series as trends
from harness_forge.report.health.alerts import Alert, AlertKind
from harness_forge.report.health.disk import DiskSpace, disks
from harness_forge.report.health.series import HealthWindow, Series
from harness_forge.report.health.slots import SlotState, slots
from harness_forge.store import activity
from harness_forge.store.activity import Recency
from harness_forge.store.judge_scores import kept_scores
from harness_forge.store.opening import has_store, opened_store


@dataclass
class Health:
    """What `forge health` found.

    Args:
        skills: when each was last used.
        left_out: series beyond `health.series`.
        every: `health.every`: evaluation runs and attempts made to fail are counted too.
        store_up: the store could be read, or there is none yet.
        trend: declining, improving, steady, or unknown where nothing could be tested.
        message: all of it in a line.
    """

    window: HealthWindow
    skills: dict[str, Recency] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    left_out: int = 0
    every: bool = False
    slots: list[SlotState] = field(default_factory=list)
    disks: list[DiskSpace] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    store_up: bool = True
    trend: str = "unknown"
    message: str = ""

    @property
    def healthy(self) -> bool:
        """Whether no alert stands."""
        return not self.alerts


def collect(config: ForgeConfig, only: Collection[str] = (), now: datetime | None = None) -> Health:
    """Return the health of all skills of the store, or of some.

    A store, a ledger or verdicts that cannot be read are an alert, not an error.

    Args:
        only: names of skills; empty takes all.
        now: the time of the report; None is the clock's.

    Raises:
        ConfigError: a skill of `only` is not in the store.
    """
    settings, home = config.health, Path(config.forge_home)
    when = trends.window(settings, now or datetime.now(UTC))
    found = Health(when, every=settings.every)
    empty = _read_store(config, only, found)
    found.series, found.left_out = trends.largest(found.series, settings.series)
    trends.compare(found.series, when, settings, config.seed)
    _read_ledger(home, only, found, settings.window_days)
    found.disks = disks([home, Path(config.data_dir)])
    found.alerts += [
        *alerting.declining(found.series, settings),
        *alerting.stuck(found.slots, found.series, settings, when.now),
        *alerting.no_data(found.skills, settings, when.now, empty),
        *alerting.rollbacks(found.slots, settings),
        *alerting.disk(found.disks, settings),
        *alerting.clock(found.skills, when.now),
    ]
    found.trend = _trend(found, config)
    found.message = _message(found)
    return found


def _read_store(config: ForgeConfig, only: Collection[str], found: Health) -> bool:
    """Read each skill; return whether the store can be read and holds none."""
    if not has_store(config):
        _check_known(only, [])
        return True
    try:
        scores = _scores(config)
    except EvalError as error:
        found.alerts.append(_fault(AlertKind.LEDGER, "judge", error))
        scores = {}
    try:
        with opened_store(config) as store:
            names = store.skills()
            _check_known(only, names)
            for name in (name for name in names if not only or name in only):
                try:
                    _read_skill(store.skill(name), scores.get(name, {}), found)
                except StoreError as error:
                    found.alerts.append(_fault(AlertKind.STORE, name, error, name))
    except StoreError as error:
        found.store_up = False
        found.alerts.append(_fault(AlertKind.STORE, "store", error))
        return False
    return not names


def _check_known(only: Collection[str], names: Sequence[str]) -> None:
    for word in only:
        if word not in names:
            known = f"{did_you_mean(word, names)}skills: {', '.join(names) or 'none yet'}"
            raise ConfigError("forge health", f"the store has no skill '{word}'", known)


def _read_skill(store, scores: dict[int, tuple[str, float]], found: Health) -> None:
    when = found.window
    since, until = when.since, when.now
    with store.connect_read_only() as connection:
        recency = activity.recency(connection, since, until)
        made = trends.build(
            store.name,
            activity.cells(connection, since, until, every=found.every),
            _scored(connection, scores, found),
            activity.overheads(connection, since, until),
            when,
        )
    found.skills[store.name] = recency
    found.series += made


def _scores(config: ForgeConfig) -> dict[str, dict[int, tuple[str, float]]]:
    """Return the judge's scores by skill and turn, with the turn's run."""
    made: dict[str, dict[int, tuple[str, float]]] = defaultdict(dict)
    for key, score in kept_scores(Path(config.forge_home) / "judge", config.judge.weights).items():
        skill, _, rest = key.partition("/")
        run, _, turn = rest.rpartition("/")
        if turn.isdigit():
            made[skill][int(turn)] = (run, score)
    return made


def _scored(
    connection, scores: dict[int, tuple[str, float]], found: Health
) -> Iterator[trends.Score]:
    if not scores:
        return
    when = found.window
    for one in activity.scored_turns(
        connection, list(scores), when.since, when.now, every=found.every
    ):
        run, score = scores[one.turn]
        # A store that was made anew counts its turns from 1 again.
        if one.run == run:
            yield one.key, one.family, one.day, score


def _read_ledger(home: Path, only: Collection[str], found: Health, days: int) -> None:
    now = found.window.now
    try:
        known = slots(home, now - timedelta(days=days), now)
    except ForgeError as error:
        found.alerts.append(_fault(AlertKind.LEDGER, "decisions", error))
        return
    found.slots = [one for one in known if not only or one.skill in only]


def _fault(kind: AlertKind, subject: str, error: ForgeError, skill: str = "") -> Alert:
    return Alert(kind, subject, error.said, "can be read", error.hint or "forge doctor", skill)


def _trend(found: Health, config: ForgeConfig) -> str:
    if any(alert.kind is AlertKind.DECLINING for alert in found.alerts):
        return "declining"
    if any(alerting.rose(one, config.health) for one in found.series):
        return "improving"
    tested = (test for one in found.series for test in one.tests.values())
    return "steady" if any(test.shift and not test.why_not for test in tested) else "unknown"


def _message(found: Health) -> str:
    if found.alerts:
        kinds = list(dict.fromkeys(alert.kind.value for alert in found.alerts))
        words = ", ".join(kind.replace("_", " ") for kind in kinds)
        return f"{counted(len(found.alerts), 'alert')}: {words}"
    said = {
        "improving": "no alert; a result rose",
        "steady": "no alert; nothing rose or fell by the test",
        "unknown": "no alert; too little data to test anything",
    }
    return said[found.trend]
