"""A cycle of the simulated nights: forge's own stages, a training that is simulated, and faults.

Started by `forge schedule run` as `schedule.command`. `fault.json` says what goes wrong, once:
its stage, and `kill`, `fill` (a full disk), `store` (its server is killed), `flip` (bytes of the
new adapter) or `clock` (seconds that it is set by), or `linger`, which waits to be stopped.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2])]

# ruff: noqa: E402 - the tests' own parts are found by the line above
import night_world as world
from full_disk import fill
from loop_files import LINEAGE

from harness_forge.cli import stages
from harness_forge.config.compose.resolved import load_resolved, write_resolved
from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.core.errors import ForgeError
from harness_forge.registry.adapters import package
from harness_forge.registry.models.folder import find_base_model
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs import actor
from harness_forge.store.opening import opened_store

RESOLVED, DATASET, OUTPUTS = Path("outputs/resolved.yaml"), Path("data/dataset"), Path("outputs")
STAGES = ("compose", "attempt", "watermark", "export", "train_sft", "replay", "promote")


def plan() -> dict:
    return json.loads(Path("night.json").read_text())


def compose() -> None:
    import yaml

    params = yaml.safe_load(Path("params.yaml").read_text())
    write_resolved(RESOLVED, params["recipe"], params["overrides"])


def attempt() -> None:
    """A night's work of an agent: another seed is another run."""
    tonight = plan()
    config = load_resolved(RESOLVED)
    opening.open_environment = lambda config: world.Lanterns(tonight["lies"])
    who = f"agent-{tonight['night']}"
    rate = world.BAD_RATE if tonight["lies"] else world.AGENT_RATE
    actor._start_local = lambda config, home: world.Lamplighter(config, rate, who, f" # {who}")
    # Once: a complete run is not repeated.
    opening.run(replace(config, policy=PolicyConfig(), run=replace(config.run, limit=40)))
    policy = PolicyConfig(PolicyKind.model)
    run = replace(config.run, limit=tonight["limit"])
    opening.run(replace(config, policy=policy, run=run, seed=1000 + tonight["night"]))


def watermark() -> None:
    stages.watermark(RESOLVED, OUTPUTS / "watermark.json")


def export() -> None:
    stages.export(RESOLVED, DATASET)


def train_sft() -> None:
    """Package what the simulated training made, or find it, as a training does."""
    tonight, config = plan(), load_resolved(RESOLVED)
    home, name = Path(config.forge_home), config.train.name
    manifest = json.loads((DATASET / "manifest.json").read_text())
    key = manifest["files"]["train.jsonl"]["sha256"]
    registry = home / "adapters"
    made = package.find(registry, name, key)
    if made is None:
        place = home / "trained" / f"{time.monotonic_ns()}"
        base = find_base_model(config.model, home)
        facts = {"name": base.name, "title": base.title, "digest": base.digest}
        folder, rate = world.train(
            place, DATASET / "train.jsonl", tonight["night"], tonight["spoilt"]
        )
        made = package.package(folder, name, registry, world.about(LINEAGE, manifest, key, facts))
        known = {"digest": made.digest, "truth": world.truth(rate, made.digest), "rate": rate}
        with Path("truth.jsonl").open("a") as file:
            file.write(json.dumps(known | {"night": tonight["night"]}) + "\n")
    package.copy(made, OUTPUTS / "adapters" / "sft")


def replay() -> None:
    opening.open_environment = lambda config: world.Lanterns()

    def start(config, home):
        if config.adapter is None:
            return world.Lamplighter(config, world.BASE_RATE, "base")
        adapter = package.load(Path(config.adapter))
        return world.Lamplighter(config, world.rate_of(adapter.folder), adapter.digest)

    actor._start_local = start
    stages.replay(RESOLVED, OUTPUTS / "replay")


def promote() -> None:
    stages.promote(RESOLVED, OUTPUTS / "promote.json", say=lambda text: print(f"promote: {text}"))


def strike(fault: dict) -> threading.Timer | None:
    """Let a fault happen: now, or in a moment while the stage works."""
    kind = fault["kind"]
    if kind == "fill":
        Path("filled").write_text(str(fill(Path("disk"), leave=fault.get("leave", 0))))
    elif kind == "flip":
        flip(OUTPUTS / "adapters" / "sft" / "adapter_model.safetensors")
    elif kind == "clock":
        set_clock(fault["by"])
    elif kind == "linger":
        time.sleep(120)
    elif kind in ("kill", "store"):
        timer = threading.Timer(fault["after"], end, [kind])
        timer.daemon = True
        timer.start()
        return timer
    return None


def end(kind: str) -> None:
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    for file in Path("disk").glob("home/**/postmaster.pid"):
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


def flip(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[-3] ^= 0x40
    file.write_bytes(raw)


def set_clock(by: float) -> None:
    """Set the clock that all of this sees, as if somebody did it."""
    with Path(os.environ["FORGE_TEST_CLOCK"]).open("r+b") as file:
        (now,) = struct.unpack("<q", file.read(8))
        file.seek(0)
        file.write(struct.pack("<q", now + int(by * 1e9)))


def main() -> int:
    try:
        compose()
        # Held open: the embedded server then starts once a cycle.
        with opened_store(load_resolved(RESOLVED)):
            cycle()
    except ForgeError as error:
        print(f"forge: {error}", flush=True)
        return error.exit_code
    return 0


def cycle() -> None:
    place = Path("fault.json")
    for name in STAGES:
        print(f"Running stage '{name}':", flush=True)
        timer = None
        if place.exists() and (fault := json.loads(place.read_text()))["stage"] == name:
            place.unlink()
            timer = strike(fault)
        globals()[name]()
        if timer is not None:
            timer.join()  # the stage was faster: it is killed between two


if __name__ == "__main__":
    sys.exit(main())
