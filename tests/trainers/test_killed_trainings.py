"""A training killed at any time goes on from its last checkpoint and ends in one adapter."""

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from harness_forge import training
from harness_forge.adapters.package import load

pytestmark = [pytest.mark.workset, pytest.mark.soak, pytest.mark.timeout(7200)]
KILLS = int(os.environ.get("FORGE_TRAINING_KILLS", "12"))
CHILD = """
import pickle, sys
from harness_forge import training
training.train(pickle.load(sys.stdin.buffer))
"""


def started(config):
    """Start a training in a group of processes of its own."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, start_new_session=True
    )
    pickle.dump(config, child.stdin)
    child.stdin.close()
    return child


def test_kills_anywhere_end_in_one_whole_adapter(config, trained):
    draw, stopped = random.Random(20261121), 0
    began = time.monotonic()
    whole = training.train(replace(config, seed=7)).adapter  # how long one takes
    seconds = time.monotonic() - began
    for number in range(KILLS):
        # Another seed is another training: none of them finds the one before.
        own = replace(config, seed=100 + number)
        child = started(own)
        try:
            child.wait(draw.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            stopped += child.wait() == -signal.SIGKILL
        done = training.train(own)
        adapter = load(done.adapter.folder)  # whole, as packaged
        assert adapter.lineage["measured"]["steps"] == 4
        assert not training.train(own).new
        assert adapter.digest != whole.digest
    print(f"\ntraining: killed {stopped} of {KILLS} times, {seconds:.0f} s each")
    assert stopped >= KILLS / 2
