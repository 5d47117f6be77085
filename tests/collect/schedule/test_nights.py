"""Nights by themselves: real store, exports, replays, decisions, schedule and faults.

Only the training and the models are simulated (`night_world.py`), so that their truth is known.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import night_world as world
import pytest
from full_disk import small_disk

from harness_forge.collect.schedule import history, state
from harness_forge.config.compose.engine import compose
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.store.splits.holdout_ledger import HoldoutLedger

HERE = Path(__file__).parent
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2027, 3, 10, 23, 0, 20, tzinfo=BERLIN)
"""Thirty nights from here hold the one in which Berlin's clocks skip an hour."""

SLOT = "lanterns.worker"
STARTS = 8
"""So often a night's cycle is started at most."""

RETRY = timedelta(minutes=16)

SLOWEST_S = 3600
"""A start of a cycle may take so long where much else uses the machine; 20 s on a quiet one."""


@dataclass(frozen=True)
class NightPlan:
    """What happens in a night.

    Args:
        fault: of `fault.json`, at a stage of the cycle.
        lies: share of wrong answers that the labels call right.
        spoilt: the training diverges.
        before: what is damaged before the night.
        cut: `supervisor`: the supervisor is killed while the stage of `fault` works.
    """

    fault: dict = field(default_factory=dict)
    lies: float = 0.0
    spoilt: bool = False
    before: str = ""
    cut: str = ""


def fault(stage: str, kind: str, **more) -> dict:
    return {"stage": stage, "kind": kind, "after": 0.3, **more}


THIRTY = (
    NightPlan(),
    NightPlan(fault("compose", "kill", after=0.02)),
    NightPlan(fault("attempt", "kill", after=1.2)),
    NightPlan(lies=0.6),
    NightPlan(fault("watermark", "kill")),
    NightPlan(fault("export", "kill", after=0.5)),
    NightPlan(fault("train_sft", "kill", after=0.005)),
    NightPlan(fault("export", "clock", by=5 * 3600)),
    NightPlan(fault("replay", "kill", after=1.5)),
    NightPlan(fault("promote", "kill", after=0.1)),
    NightPlan(fault("attempt", "fill")),
    NightPlan(fault("export", "fill")),
    NightPlan(lies=1.0),
    NightPlan(fault("train_sft", "fill")),
    NightPlan(fault("attempt", "store", after=1.0)),
    NightPlan(fault("replay", "store", after=1.0)),
    NightPlan(fault("watermark", "clock", by=-26 * 3600)),
    NightPlan(fault("replay", "fill", leave=20000)),
    NightPlan(fault("replay", "flip")),
    NightPlan(before="champion"),
    NightPlan(fault("export", "linger"), cut="supervisor"),
    NightPlan(fault("replay", "kill", after=0.4), lies=0.8),
    NightPlan(spoilt=True),
    NightPlan(fault("promote", "fill")),
    NightPlan(fault("promote", "fill", leave=1500)),
    NightPlan(fault("train_sft", "clock", by=12 * 3600)),
    NightPlan(before="state"),
    NightPlan(before="ledger"),
    NightPlan(fault("promote", "kill", after=0.02), lies=1.0, spoilt=True),
    NightPlan(),
)
LATE = (NightPlan(), *THIRTY[25:28])
"""A clock that goes ahead, a damaged state, a torn ledger: by themselves they take minutes."""
THREE = (
    NightPlan(),
    NightPlan(fault("export", "kill", after=0.1)),
    NightPlan(lies=1.0, before="champion"),
)


@pytest.fixture(scope="session")
def clock(tmp_path_factory):
    """Compile what shows another time; yields the library and the file of its offset."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a night's clock takes a C compiler")
    place = tmp_path_factory.mktemp("clock")
    place.chmod(0o755)
    library, offset = place / "set_clock.so", place / "offset"
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "set_clock.c"]
    subprocess.run(words, check=True)
    offset.write_bytes(struct.pack("<q", 0))
    offset.chmod(0o644)
    return library, offset


class Nights:
    """A project on a disk of its own whose nights go by."""

    def __init__(self, root: Path, disk: Path, clock: tuple[Path, Path], limit: int) -> None:
        self.root, self.disk, self.home, self._limit = root, disk, disk / "home", limit
        self._library, self._offset = clock
        self.told: list[str] = []
        for name in ("outputs", "data", "ledger", "home", "tmp"):
            (disk / name).mkdir()
        (root / "disk").symlink_to(disk)
        for name in ("outputs", "data", "ledger"):
            (root / name).symlink_to(disk / name)
        model = root / "small"
        model.mkdir()
        for name, text in {
            "config.json": "{}", "tokenizer.json": "{}", "chat_template.jinja": "{{ messages }}",
            "model.safetensors": "weights",
        }.items():  # fmt: skip
            (model / name).write_text(text)
        cycle = json.dumps([sys.executable, str(HERE / "night_cycle.py")])
        self.overrides = [
            "skill=recorded", "skill.name=lanterns", "skill.host=a street",
            "skill.environment=command", "schedule.retry_minutes=15",
            f"forge_home={self.home}",
            "model=local", f"model.path={model}", "model.name=small", "train.name=lighter",
            "role=worker", "schedule=night", "schedule.timezone=Europe/Berlin",
            f"schedule.command={cycle}", "promote=replay_only",
            "promote.conditions.proven.enabled=false", "budget.schedule=even", "budget.looks=40",
            "prompt.context=none", "filters=none",
        ]  # fmt: skip
        params = {"recipe": "base", "overrides": self.overrides}
        (root / "params.yaml").write_text(json.dumps(params))
        self.config = compose("base", self.overrides)
        self.base = world.truth(world.BASE_RATE, "base")

    def set_clock(self, at: datetime) -> None:
        more = int((at - datetime.now(UTC)).total_seconds() * 1e9)
        with self._offset.open("r+b") as file:
            file.write(struct.pack("<q", more))

    def later(self, by: timedelta) -> None:
        with self._offset.open("r+b") as file:
            (more,) = struct.unpack("<q", file.read(8))
            file.seek(0)
            file.write(struct.pack("<q", more + int(by.total_seconds() * 1e9)))

    def night(self, number: int, plan: NightPlan) -> dict:
        """Let a night pass; return what was measured after it."""
        self.set_clock(FIRST + timedelta(days=number - 1))
        self.damage(plan.before)
        tonight = {
            "night": number, "lies": plan.lies, "spoilt": plan.spoilt,
            "limit": self._limit * (3 if plan.lies else 1),
        }  # fmt: skip
        (self.root / "night.json").write_text(json.dumps(tonight))
        if plan.fault:
            (self.root / "fault.json").write_text(json.dumps(plan.fault))
        began, starts = time.monotonic(), 0
        last = self.state.cycle.number if self.state.cycle else 0
        while starts < STARTS:
            starts += 1
            (self.cut if plan.cut and starts == 1 else self.supervise)()
            self.relieve()
            if self.state.cycle and self.state.cycle.result.value == "done":
                break
            self.later(RETRY)
        return {"night": number, "starts": starts, "seconds": time.monotonic() - began,
                "cycles": self.state.cycle.number - last, **self.measured()}  # fmt: skip

    @property
    def state(self) -> state.ScheduleState:
        return state.read(state.place(self.config))

    def variables(self) -> dict[str, str]:
        return {
            **os.environ, "LD_PRELOAD": str(self._library), "FORGE_TEST_CLOCK": str(self._offset),
            "TMPDIR": str(self.disk / "tmp"),
        }  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "harness_forge.cli", *words], cwd=self.root,
            env=self.variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def supervise(self) -> None:
        told, _ = self.start("schedule", "run", "--once").communicate(timeout=SLOWEST_S)
        self.told += told.splitlines()

    def cut(self) -> None:
        """Kill the supervisor while its cycle works."""
        child = self.start("schedule", "run", "--once")
        until = time.monotonic() + 300
        while (self.root / "fault.json").exists() and time.monotonic() < until:
            time.sleep(0.1)
        child.kill()
        self.told += child.communicate()[0].splitlines()

    def relieve(self) -> None:
        """Free a full disk, as somebody does who was told of it."""
        for file in self.disk.glob("fill"):
            file.unlink()

    def damage(self, what: str) -> None:
        if what == "champion" and (top := self.champion()):
            file = registry.folder(self.home) / top.label / "adapter_model.safetensors"
            file.write_bytes(b"\0" + file.read_bytes()[1:])
        elif what == "state":
            file = state.place(self.config)
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        elif what == "ledger":
            with decisions.path(self.home).open("ab") as file:
                file.write(b'{"kind": "decision", "candi')

    def champion(self):
        stack = champion.champion_stack(decisions.read(self.home), SLOT)
        return stack[-1].candidate if stack else None

    def truth(self) -> float | None:
        """Return the champion's truth, None where there is no champion."""
        top = self.champion()
        lines = (self.root / "truth.jsonl").read_text().splitlines()
        known = {one["digest"]: one["truth"] for one in map(json.loads, lines)}
        return known[top.digest] if top else None

    def measured(self) -> dict:
        """Return what there is after a night: bytes by part, and what was left behind."""
        HoldoutLedger(self.config.budget).all()
        drafts = [
            path for path in self.disk.rglob(".*")
            if path.suffix[1:].isdigit() and not Path("/proc", path.suffix[1:]).exists()
        ]  # fmt: skip
        parts = {"store": "home/pg", "registry": "home/adapters", "ledgers": "home/ledger",
                 "schedule": "home/schedule", "dataset": "data", "outputs": "outputs"}  # fmt: skip
        sizes = {name: size(self.disk / place) for name, place in parts.items()}
        sizes["rest of home"] = size(self.home) - sum(
            size(self.disk / place) for place in parts.values() if place.startswith("home/")
        )
        return {
            "champion": self.truth(), "bytes": sizes, "drafts": len(drafts),
            "temporary": sum(1 for _ in (self.disk / "tmp").rglob("*")),
        }  # fmt: skip

    def log(self) -> list[str]:
        entries, strange = history.read(state.folder(self.config))
        assert not strange
        return [one.line for one in history.nights(entries, BERLIN)]


def size(place: Path) -> int:
    return sum(p.lstat().st_size for p in place.rglob("*") if p.is_file() and not p.is_symlink())


@contextmanager
def nights(tmp_path, clock, limit, megabytes=0):
    root = tmp_path / "project"
    root.mkdir()
    before = Path.cwd()
    os.chdir(root)
    try:
        if megabytes:
            with small_disk(tmp_path / "disk", megabytes) as disk:
                yield Nights(root, disk, clock, limit)
        else:
            (tmp_path / "disk").mkdir()
            yield Nights(root, tmp_path / "disk", clock, limit)
    finally:
        os.chdir(before)


@pytest.mark.sandbox  # child processes: not for `make test-fast`
@pytest.mark.timeout(900)
def test_three_nights(tmp_path, clock):
    with nights(tmp_path, clock, limit=60) as project:
        found = [project.night(number, plan) for number, plan in enumerate(THREE, start=1)]
        assert project.champion() is None or project.truth() > project.base
        assert [one["starts"] for one in found] == [1, 2, 1]
        log = project.log()
        assert len(log) == 3
        assert "1 failed, last: killed by SIGKILL in stage export" in log[1]
        assert found[-1]["drafts"] == found[-1]["temporary"] == 0


def show(project: Nights, found: list[dict]) -> None:
    """Print the table of docs/schedule.md."""
    names = list(found[0]["bytes"])
    print(f"\nbase by truth: {project.base:.3f}")
    print("| night | starts | seconds | champion | left behind | " + " | ".join(names) + " |")
    for one in found:
        top = "-" if one["champion"] is None else f"{one['champion']:.3f}"
        sizes = " | ".join(f"{one['bytes'][name] / 1e3:,.0f}" for name in names)
        left = f"{one['drafts']}+{one['temporary']}"
        facts = f"{one['night']} | {one['starts']} | {one['seconds']:.0f} | {top} | {left}"
        print(f"| {facts} | {sizes} |", flush=True)
    print("\n".join(project.log()))


@pytest.mark.soak
@pytest.mark.timeout(2 * 3600)
def test_a_clock_ahead_a_damaged_state_and_a_torn_ledger(tmp_path, clock):
    with nights(tmp_path, clock, limit=60) as project:
        found = [project.night(number, plan) for number, plan in enumerate(LATE, start=1)]
        show(project, found)
        assert len(project.log()) == len(LATE)
        # By the clock that went ahead the window was closed, so that night decided nothing.
        assert len(decisions.read(project.home)) == len(LATE) - 1
        assert found[-1]["drafts"] == found[-1]["temporary"] == 0


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_thirty_nights(tmp_path, clock):
    with nights(tmp_path, clock, limit=60, megabytes=400) as project:
        found = []
        for number, plan in enumerate(THIRTY, start=1):
            found.append(project.night(number, plan))
            one = found[-1]
            print(plan, one, project.log()[-1], flush=True)
            (tmp_path / "told.txt").write_text("\n".join(project.told))
        show(project, found)
        assert all(one["champion"] is None or one["champion"] > project.base for one in found)
        # A clock that is set back by 26 h puts a night into the one before, and says so there.
        log = project.log()
        assert len(log) == len(THIRTY) - 1
        assert [line[:10] for line in log if "; after that 1 stopped, last: within" in line] == [
            "2027-03-25"
        ]
        assert found[-1]["drafts"] == found[-1]["temporary"] == 0
        # The store grows with its records; the rest by what a night makes, late as early.
        for name in ("registry", "ledgers", "schedule"):
            early, late = (sum(one["bytes"][name] * sign for one, sign in pairs) for pairs in (
                ((found[14], 1), (found[4], -1)), ((found[29], 1), (found[19], -1))
            ))  # fmt: skip
            assert late < 2 * early + 20_000, name
