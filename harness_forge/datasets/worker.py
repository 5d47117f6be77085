"""A worker process that prepares rows: it reads batches from stdin and answers on stdout.

Only worker_pool.py starts it. The first message holds the plans; every other
one is the number of a plan and rows.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import ExitStack
from typing import Any, BinaryIO

from harness_forge.core.errors import ForgeError
from harness_forge.core.garbage import seldom_collected
from harness_forge.datasets import shared_plans
from harness_forge.datasets.prepare import PreparePlan, Preparer
from harness_forge.datasets.sql.rows import Row


def main() -> None:
    """Answer batches until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be mixed with the answers
    stack = ExitStack()
    stack.enter_context(seldom_collected())
    try:
        plans = shared_plans.received(source)
        while True:
            _answer(plans, pickle.load(source), sink)  # noqa: S301 - our own parent wrote it
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the parent has left or needs no more; there is nothing to tidy


def _answer(plans: list[PreparePlan], batch: tuple[int, list[tuple]], sink: BinaryIO) -> None:
    try:
        answer: Any = _prepared(plans, *batch)
    except ForgeError as error:
        answer = error
    except Exception as error:  # not every exception can be sent
        answer = RuntimeError(f"{type(error).__name__}: {error}")
    pickle.dump(answer, sink, pickle.HIGHEST_PROTOCOL)
    sink.flush()


_preparers: dict[int, Preparer] = {}


def _prepared(plans: list[PreparePlan], part: int, rows: list[tuple]) -> tuple[list[tuple], dict]:
    if part not in _preparers:
        _preparers[part] = Preparer(plans[part])
    preparer = _preparers[part]
    ready = [tuple(one) for one in preparer([Row(*values) for values in rows])]
    return ready, preparer.tallies()


if __name__ == "__main__":
    main()
