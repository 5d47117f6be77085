"""What becomes of a child that fails: a stand-in says what lm-eval would, and ends."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from harness_forge.core.errors import EvalError, Interrupted
from harness_forge.evaluation.lmeval.launch import LmEvalRequest, ask


@pytest.fixture
def stand_in(tmp_path):
    """Return a function that asks a shell script instead of lm-eval."""

    def run(script, show=lambda done, total: None):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        asked = LmEvalRequest(
            python=program, variables=os.environ, task=tmp_path, name="t", model=tmp_path,
            adapter=None, context=64, dtype="float32", device="cpu", batch_size=1,
        )  # fmt: skip
        return ask(asked, tmp_path / "work", tmp_path / "said.log", show)

    return run


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (
            "kill -9 $$",
            "lm-eval: was killed\n  hint: usually out of memory: lower suite.batch_size",
        ),
        ("echo 'MemoryError' >&2; exit 1", "lm-eval: is out of memory\n  hint: usually"),
        ("echo 'OSError: No space left on device'; exit 1", "lm-eval: the disk is full\n"),
        (
            "echo Traceback; echo 'ValueError: no such thing'; echo '  0%|'; exit 3",
            "lm-eval: ended with code 3: ValueError: no such thing\n  hint: its whole output: ",
        ),
        ("echo done", "lm-eval: wrote no answers: done\n"),
        ("exit 1", "lm-eval: ended with code 1: no message\n"),
    ],
)
def test_a_failure_is_told_in_one_line(stand_in, script, what):
    with pytest.raises(EvalError) as caught:
        stand_in(script)
    assert str(caught.value).startswith(what)


def test_progress_is_read_while_it_runs(stand_in):
    seen = []
    bar = "Running generate_until requests:  50%%|█  | {} [00:00<?, ?it/s]"
    made = "mkdir -p work/out; touch work/out/samples_t.jsonl"
    lines = (f"printf '{bar.format(n)}\\r'; sleep 1" for n in ("0/2", "1/2", "2/2"))
    stand_in(f"{made}; {'; '.join(lines)}", lambda *n: seen.append(n))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_ctrl_c_ends_it_and_all_it_started(stand_in, tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(Interrupted):
            stand_in(f"sleep 60 & echo $! > {tmp_path}/child; wait")
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    assert gone(int((tmp_path / "child").read_text()))
    assert not (tmp_path / "said.log").exists()


def gone(pid):
    for _ in range(50):
        try:
            # One that nobody has reaped yet has ended all the same.
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False
