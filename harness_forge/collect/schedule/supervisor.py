"""Runs cycles one at a time: waits for a window, stops for work, goes on in the next."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness_forge.collect.schedule import clock, cycle, history, state, units
from harness_forge.collect.schedule.decision import Action, CycleResult, checked, decide, full
from harness_forge.collect.schedule.facts import Watch
from harness_forge.collect.schedule.state import Cycle
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError, Interrupted, RunError
from harness_forge.core.files import locked
from harness_forge.core.numbers import seconds
from harness_forge.serving.state import process

POLL_S = 2.0
"""Between two looks: a request or a window's end is noticed within so many seconds."""

_JUMP_S = 20.0
_NAMES = {
    Action.wait: "waiting",
    Action.ready: "window open",
    Action.run: "training",
    Action.stop: "pausing",
}


class SupervisorBusy(RunError):
    """Another supervisor runs cycles here."""


class Supervisor:
    """The one that runs cycles in a project's folder, until it is stopped.

    Args:
        say: gets a line for each change of state.
        once: look once; run the cycle that is due, if any, and return at its end or stop.

    Raises:
        ConfigError: no cycle would ever run, or there is nothing to run here.
    """

    def __init__(self, config: ForgeConfig, say: Callable[[str], None], *, once: bool) -> None:
        self._config, self._schedule, self._once = config, checked(config.schedule), once
        self._zone = clock.zone_of(self._schedule.timezone)
        self._out = say
        self._place = state.place(config)
        self._project = Path.cwd()
        self._child: subprocess.Popen | None = None
        self._unwritten = ""
        if "dvc" in Path(self._schedule.command[0]).name and not Path("dvc.yaml").is_file():
            hint = "run this in a project's folder; `forge init` makes one"
            raise ConfigError("dvc.yaml", "is not in this folder", hint)
        cycle.program(self._schedule.command)
        if self._schedule.after:
            cycle.program(self._schedule.after)

    def run(self) -> int:
        """Run until SIGINT or SIGTERM; once, return 1 if a cycle failed.

        Raises:
            SupervisorBusy: another supervisor runs.
            Interrupted: stopped; the next one goes on.
        """
        with locked(state.folder(self._config) / "lock", self._busy()):
            self._take_over()
            try:
                return self._loop()
            except KeyboardInterrupt:
                raise Interrupted(
                    "schedule", "stopped", "the same command goes on from here"
                ) from None
            finally:
                self._end()

    def _busy(self) -> SupervisorBusy:
        held = state.read(self._place)
        who = f"process {held.supervisor.pid}" if held.supervisor else "another process"
        on = f" on {held.host}" if held.host else ""
        since = f", {held.state} since {full(held.since, self._zone)}" if held.since else ""
        hint = "`forge schedule status` shows it; end that one first"
        return SupervisorBusy("schedule", f"{who}{on} runs cycles here already{since}", hint)

    def _take_over(self) -> None:
        """Read the state; a cycle whose supervisor was killed is stopped, and goes on."""
        if state.damaged(self._place):
            aside = self._place.with_suffix(".damaged")
            self._place.replace(aside)
            self._say(f"the state is not as forge writes it: moved to {aside}, counted from now")
        before = state.read(self._place)
        self._state = replace(
            before, supervisor=process(os.getpid()), host=platform.node(), state="", why=""
        )
        self._watch = Watch(self._config, self._state, self._say)
        with suppress(OSError):
            history.trim(state.folder(self._config) / units.CRON_LOG)
        last = before.cycle
        if last is not None and last.ended is None:
            if last.child and last.child.alive:
                self._say(
                    f"cycle {last.number} still runs though its supervisor ended: stopping it"
                )
                cycle.stop(last.child)
            log = Path(last.log)
            stages = cycle.stages(log) if last.log else []
            self._ended(CycleResult.stopped, "its supervisor was killed", stages[-1:])
        self._save()

    def _loop(self) -> int:
        before, ran = clock.read(), False
        while True:
            now = clock.read()
            self._notice(now.since(before), now.wall)
            before = now
            if self._child is not None and (code := self._child.poll()) is not None:
                self._finish(code)
                if self._once:
                    return 1 if code else 0
            facts = self._facts(now.wall)
            found = decide(self._schedule, now.wall, self._zone, facts)
            if found.action is Action.stop:
                self._change(found.action, found.why, found.until)
                self._pause(found.why)
                if self._once:
                    return 0
                continue
            self._change(found.action, found.why, found.until)
            if found.action is Action.run and self._child is None:
                self._begin(now.wall)
                ran = True
            elif self._once and not ran:
                return 0
            self._stage()
            time.sleep(POLL_S)

    def _facts(self, now: datetime):
        self._watch.state = self._state
        facts = self._watch.facts(now)
        self._state = self._watch.state
        return replace(facts, running=self._child is not None)

    def _notice(self, jump: clock.ClockJump, now: datetime) -> None:
        """Say what happened to the clocks; a woken machine is in use, one set back forgets."""
        if jump.slept > _JUMP_S:
            self._say(f"the machine slept for {seconds(jump.slept)}")
            self._state = replace(self._state, used=now)
        if jump.stood > POLL_S + _JUMP_S and self._child is None:
            self._say(f"this process stood still for {seconds(jump.stood)}")
        if abs(jump.set_by) > _JUMP_S:
            way = "forward" if jump.set_by > 0 else "back"
            self._say(f"the clock was set {way} by {seconds(abs(jump.set_by))}")
        last = self._state.cycle
        known = self._state.facts(now)
        early = known.before(now)
        if early != known:
            if last is not None:
                ended = last.ended and min(last.ended, now)
                last = replace(last, started=min(last.started, now), ended=ended)
            self._state = replace(
                self._state, watched=early.watched, used=early.used, request=early.request,
                cycle=last,
            )  # fmt: skip

    def _begin(self, now: datetime) -> None:
        last, command = self._state.cycle, list(self._schedule.command)
        digest = cycle.inputs(self._project)
        folder = state.folder(self._config).resolve() / "cycles"
        if last is not None and last.result is CycleResult.stopped:
            command = cycle.continued(command, last.stage, digest == last.inputs)
            made = replace(
                last, starts=last.starts + 1, ended=None, result=CycleResult.none, said=""
            )
            stem = _stem(last)
        else:
            if self._schedule.batch.passing or self._schedule.batch.scored:
                self._watch.look(now)
            made = Cycle(
                number=1 + (last.number if last else self._counted()), started=now,
                marks=self._watch.marks, scored=self._watch.scored,
            )  # fmt: skip
            stem = f"{now:%Y%m%d-%H%M%S}-{made.number}"
        log = folder / f"{stem}-{made.starts:03}.log"
        # Before it starts: whoever finds this state knows that the cycle is not finished.
        self._state = replace(self._state, cycle=replace(made, log=str(log), inputs=digest))
        self._save()
        self._child = cycle.start(command, log)
        child = process(self._child.pid)
        self._state = replace(self._state, cycle=replace(self._state.cycle, child=child))
        self._save()
        begins = "begins" if made.starts == 1 else "goes on"
        self._say(f"cycle {made.number} {begins}: {' '.join(command)} (output: {log})")

    def _counted(self) -> int:
        """Return the last number of a state that was damaged, by what else is kept."""
        folder = state.folder(self._config)
        with suppress(OSError):
            return max(history.last_number(folder), cycle.last_number(folder / "cycles"))
        return 0

    def _stage(self) -> None:
        """Remember and say which stage runs."""
        last = self._state.cycle
        if self._child is None or last is None:
            return
        found = cycle.stages(Path(last.log))[-1:]
        if found and found[0] != last.stage:
            self._state = replace(self._state, cycle=replace(last, stage=found[0]))
            self._save()
            self._say(f"cycle {last.number}: stage {found[0]}")

    def _pause(self, why: str) -> None:
        began = time.monotonic()
        child, last = self._child, self._state.cycle
        ended = cycle.stop(process(child.pid), child.poll)
        code = child.poll()
        if code == 0:
            self._finish(code)
            return
        self._child = None
        stages = cycle.stages(Path(last.log))[-1:]
        took = seconds(time.monotonic() - began)
        said = f"within {took}, {why}" if ended else f"does not end, {why}"
        self._ended(CycleResult.stopped, said, stages)

    def _finish(self, code: int) -> None:
        self._child, last = None, self._state.cycle
        logs = sorted(Path(last.log).parent.glob(f"{_stem(last)}-*.log"))
        began = list(dict.fromkeys(name for log in logs for name in cycle.stages(log)))
        said = cycle.outcome(began, code, Path(last.log), self._project)
        if not code:
            self._state = replace(self._state, marks=last.marks, scored=last.scored)
        self._ended(CycleResult.failed if code else CycleResult.done, said, began[-1:])
        if self._schedule.after and not code:
            said = cycle.after(self._schedule.after, Path(last.log))
            self._say(f"cycle {last.number}, after it: {said}")
        self._watch.finished()

    def _ended(self, result: CycleResult, said: str, stage: list[str]) -> None:
        last = self._state.cycle
        made = replace(
            last, ended=max(datetime.now(UTC), last.started), result=result, said=said,
            stage=(stage or [last.stage])[0], child=None,
        )  # fmt: skip
        self._state = replace(self._state, cycle=made)
        self._save()
        # A full disk costs the line, not the cycle; the state's own fault is told.
        with suppress(OSError):
            history.add(state.folder(self._config), made)
        self._say(f"cycle {made.number} {result.value}: {said}")

    def _change(self, action: Action, why: str, until: datetime | None) -> None:
        name = _NAMES[action]
        if name == self._state.state and why == self._state.why:
            return
        same = name == self._state.state
        self._state = replace(
            self._state, state=name, why=why, next=until,
            since=self._state.since if same else datetime.now(UTC),
        )  # fmt: skip
        self._save()
        if not same:
            self._say(f"{name}: {why}" + (f", until {full(until, self._zone)}" if until else ""))

    def _end(self) -> None:
        """Stop what runs and say so in the state."""
        if self._child is not None:
            limit = seconds(cycle.LIMIT_S)
            self._say(f"pausing: the supervisor is stopped, within {limit}")
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                # What is being stopped must not be left alone by a second Ctrl-C.
                signal.signal(number, signal.SIG_IGN)
            self._pause("the supervisor was stopped")
        self._state = replace(
            self._state, state="ended", why="", since=datetime.now(UTC), next=None, supervisor=None
        )
        self._save()

    def _save(self) -> None:
        """Write the state; a full disk costs what is remembered, not the cycle."""
        try:
            state.write(self._place, self._state)
            self._unwritten = ""
        except OSError as error:
            if str(error) != self._unwritten:
                self._unwritten = str(error)
                self._say(f"the state cannot be written: {error}")

    def _say(self, text: str) -> None:
        # A terminal that was closed must not end a cycle, nor leave one alone.
        with suppress(OSError, ValueError):
            self._out(f"{full(datetime.now(UTC), self._zone)}  {text}")


def _stem(one: Cycle) -> str:
    """Return what the names of a cycle's logs begin with."""
    return Path(one.log).name.rpartition("-")[0]
