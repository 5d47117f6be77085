"""What a schedule remembers, in `<forge_home>/schedule/state.json`, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from harness_forge.collect.schedule.decision import CycleResult, Facts, full
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.files import write_json
from harness_forge.core.numbers import counted
from harness_forge.serving.state import Process


@dataclass(frozen=True)
class Cycle:
    """One cycle, which may have been stopped and gone on.

    Args:
        number: counted from 1.
        started: of its first start; `ended`: of its last end.
        starts: how often it was started.
        result: what it came to; none while it runs.
        stage: the last stage of dvc.yaml that it began.
        said: what it came to, in a line.
        log: the file of what its last start printed.
        inputs: digest of dvc.yaml and params.yaml when it began.
        child: the process that runs it.
        marks: the last attempt of each skill when it began.
        scored: the answers that had a score, or waited for one, when it began.
    """

    number: int
    started: datetime
    starts: int = 1
    ended: datetime | None = None
    result: CycleResult = CycleResult.none
    stage: str = ""
    said: str = ""
    log: str = ""
    inputs: str = ""
    child: Process | None = None
    marks: dict[str, int] = field(default_factory=dict)
    scored: int = 0


@dataclass(frozen=True)
class ScheduleState:
    """What a schedule remembers.

    Args:
        state: waiting, window open, training, pausing or ended.
        why: the reason; `since`: from when; `next`: when it changes by the clock alone.
        host: where the supervisor runs; `supervisor`: its process.
        watched, request, used: see `Facts`.
        looked: when requests were last looked for.
        cycle: the last.
        marks, scored: those of the last finished cycle.
    """

    state: str = "ended"
    why: str = ""
    since: datetime | None = None
    next: datetime | None = None
    host: str = ""
    supervisor: Process | None = None
    watched: datetime | None = None
    request: datetime | None = None
    used: datetime | None = None
    looked: datetime | None = None
    cycle: Cycle | None = None
    marks: dict[str, int] = field(default_factory=dict)
    scored: int = 0

    @property
    def alive(self) -> bool:
        """Whether the supervisor still runs, as far as this machine can tell."""
        return self.supervisor is not None and self.supervisor.alive

    def facts(self, now: datetime) -> Facts:
        """Return what is remembered, as facts."""
        cycle = self.cycle
        running = cycle is not None and cycle.ended is None
        return Facts(
            watched=self.watched or now,
            request=self.request,
            used=self.used,
            started=cycle.started if cycle else None,
            ended=cycle.ended if cycle else None,
            result=cycle.result if cycle else CycleResult.none,
            running=running and self.alive,
        )


def folder(config: ForgeConfig) -> Path:
    """Return the folder of a schedule's files."""
    return Path(config.forge_home) / "schedule"


def place(config: ForgeConfig) -> Path:
    """Return the file of a schedule's state."""
    return folder(config) / "state.json"


def write(file: Path, state: ScheduleState) -> None:
    """Write the state; raises OSError if it cannot be written, the old one is still there."""
    write_json(file, as_dict(state))


def as_dict(state: ScheduleState) -> dict[str, Any]:
    """Return the state as its file has it."""
    return _plain(asdict(state))


def read(file: Path) -> ScheduleState:
    """Return the state; a new one if there is none or it is not as forge writes it."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        return _state(json.loads(file.read_text(encoding="utf-8")))
    return ScheduleState()


def damaged(file: Path) -> bool:
    """Return whether there is a file that is not as forge writes it."""
    try:
        _state(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (ValueError, TypeError, KeyError, AttributeError):
        return True
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, CycleResult) else value


_TIMES = ("started", "ended", "since", "next", "watched", "request", "used", "looked")


def _state(found: dict[str, Any]) -> ScheduleState:
    state = _built(ScheduleState, found)
    if state.cycle is None:
        return state
    cycle = _built(Cycle, found["cycle"])
    return replace(state, cycle=replace(cycle, result=CycleResult(found["cycle"]["result"])))


def _built(kind: type, found: dict[str, Any]) -> Any:
    made = kind(**{one.name: found[one.name] for one in fields(kind)})
    times = {
        name: datetime.fromisoformat(found[name]).astimezone(UTC)
        for name in _TIMES
        if found.get(name)
    }
    processes = {
        name: Process(**found[name]) for name in ("child", "supervisor") if found.get(name)
    }
    marks = {name: int(mark) for name, mark in found["marks"].items()}
    return replace(made, **times, **processes, marks=marks, scored=int(found["scored"]))


def summary(found: ScheduleState, zone: tzinfo) -> list[str]:
    """Return what a schedule does and did, in a few lines."""
    if found.alive:
        lines = [f"{found.state}: {found.why}", f"  process {found.supervisor.pid} on {found.host}"]
        lines[1] += f", in this state since {full(found.since, zone)}"
        if found.next:
            lines.append(f"  until {full(found.next, zone)}, or earlier if work comes")
    elif found.supervisor:
        lines = [f"no supervisor runs: process {found.supervisor.pid} on {found.host} was killed"]
    else:
        lines = ["no supervisor runs"]
    if found.request:
        lines.append(f"  last request: {full(found.request, zone)}")
    if (last := found.cycle) is None:
        return [*lines, "no cycle yet"]
    began = f"began {full(last.started, zone)}" + (
        f", started {counted(last.starts, 'time')}" if last.starts > 1 else ""
    )
    if last.ended is None:
        doing = f"runs, in stage {last.stage}" if last.stage else "runs"
        lines.append(f"cycle {last.number} {doing if found.alive else 'was cut off'}; {began}")
    else:
        lines.append(f"cycle {last.number} {last.result.value}: {last.said}")
        lines.append(f"  {began}, ended {full(last.ended, zone)}")
    return [*lines, f"  output: {last.log}"]
