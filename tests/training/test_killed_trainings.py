"""A training killed at any time goes on from its last checkpoint and ends as an undisturbed one."""

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from harness_forge.registry.adapters.package import load
from harness_forge.training.jobs import checkpoint
from harness_forge.training.progress import steps_in, stretches
from harness_forge.training.supervised import plan, train

pytestmark = [pytest.mark.workset, pytest.mark.soak, pytest.mark.timeout(7200)]
KILLS = range(*map(int, os.environ.get("FORGE_TRAINING_KILLS", "0-12").split("-")))
"""Which of the kills; two halves may run side by side."""
WHERE = ("steps", "start", "steps", "end", "steps", "steps")
"""Where the kills fall, in turn: two thirds between the first step and the last."""
WHOM = ("all", "all", "forge", "axolotl")
CLOSE = 0.05
"""How far the weights may be from an undisturbed training's, of their norm."""
CHILD = """
import pickle, sys
from harness_forge.training.supervised import train
train(pickle.load(sys.stdin.buffer))
"""


@pytest.fixture
def long(config):
    """A training of 40 steps, a checkpoint every 4."""
    own = replace(config.train, epochs=20, save_steps=4, name="long")
    return replace(config, train=own, seed=11)


def started(config):
    """Start a training in a process of its own."""
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    pickle.dump(config, child.stdin)
    child.stdin.close()
    return child


def axolotl(child):
    """Return the processes that a training has started, Axolotl's own first."""
    try:
        return psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait(child, until):
    while child.poll() is None and not until():
        time.sleep(0.01)


def kill(child, whom):
    """Kill forge, what it started, or both, as kill -9 does; False where nothing ran any more."""
    others = axolotl(child)
    if child.poll() is not None:
        return False
    # Forge first: it must not be told of the death of the other.
    if whom != "axolotl":
        child.kill()
    if whom != "forge":
        for other in others:
            other.kill()
    code = child.wait()
    if whom == "axolotl":
        return bool(others) and code == 1
    return code == -signal.SIGKILL


def weights(adapter):
    """Return all weights of an adapter in a row."""
    raw = (adapter.folder / "adapter_model.safetensors").read_bytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    head, found = json.loads(raw[8:begin]), []
    for name in sorted(head.keys() - {"__metadata__"}):
        start, end = head[name]["data_offsets"]
        data = raw[begin + start : begin + end]
        if head[name]["dtype"] == "BF16":
            found.append((np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4"))
        else:
            found.append(np.frombuffer(data, {"F32": "<f4", "F16": "<f2"}[head[name]["dtype"]]))
    return np.concatenate(found).astype(np.float64)


def losses(metrics):
    """Return the loss of each step; of one made twice, the later one's."""
    found = {fact["step"]: fact["loss"] for fact in steps_in(metrics)}
    return [found[step] for step in sorted(found)]


def test_kills_anywhere_end_as_an_undisturbed_training_does(long):
    stopped, job = 0, plan(long)
    whole = train(long).adapter
    expected, steps = weights(whole), whole.lineage["measured"]["steps"]
    curve, worst = losses(job.metrics), 0.0
    for number in KILLS:
        draw = random.Random(f"20261121-{number}")
        where, whom = WHERE[number % len(WHERE)], WHOM[number % len(WHOM)]
        shutil.rmtree(job.registry)
        for name in ("out", "live", *(["prepared"] if where == "start" else [])):
            shutil.rmtree(job.work / name, ignore_errors=True)
        job.metrics.unlink()
        child = started(long)
        if where == "start":
            wait(child, lambda child=child: axolotl(child))
            time.sleep(draw.uniform(0, 30))
        else:
            least = draw.randrange(1, steps) if where == "steps" else steps
            wait(child, lambda least=least: len(steps_in(job.metrics)) >= least)
            # Within a step, or within what is done after the last.
            time.sleep(draw.uniform(0, 0.2 if where == "steps" else 4))
        died = kill(child, whom)
        stopped += died
        # Where Axolotl lives on, looking would delete the checkpoint that it is writing.
        at = len(steps_in(job.metrics))
        left = None if whom == "forge" else checkpoint(job)
        done = train(long)
        begun = [part[0].get("since") for part in stretches(steps_in(job.metrics))]
        apart = np.linalg.norm(weights(done.adapter) - expected) / np.linalg.norm(expected)
        off = max(abs(a - b) for a, b in zip(losses(job.metrics), curve, strict=True))
        worst = max(worst, apart)
        print(f"\n{number} {where} {whom}: killed {died} at step {at}, checkpoint {left}, went on "
              f"from {begun}; weights {apart:.1e} apart, losses {off:.4f}", flush=True)  # fmt: skip
        assert load(done.adapter.folder).lineage["measured"]["steps"] == steps
        if where == "steps" and whom != "forge":
            assert begun == ([0, left] if left else [0, 0])
        assert not train(long).new
    print(f"\ntraining: killed {stopped} of {len(KILLS)} times")
    assert stopped >= 0.75 * len(KILLS)
    assert worst < CLOSE
