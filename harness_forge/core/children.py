"""Programs that are started and waited for: what they answer, and how they are ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class NoAnswer(Exception):
    """A program ended without an answer.

    Args:
        code: its exit status; below zero it is the signal that ended it.
        last: the last line of what it said, at most 200 characters.
    """

    def __init__(self, code: int, last: str) -> None:
        super().__init__(code, last)
        self.code, self.last = code, last


def answer_of(
    command: Sequence[str | Path], variables: Mapping[str, str], job: Any = None
) -> dict[str, Any]:
    """Run a program and return its answer, the JSON object in its last line.

    Args:
        variables: its environment.
        job: a value that it reads as JSON; None gives it nothing to read.

    Raises:
        NoAnswer: it ended without one.
    """
    done = subprocess.run(
        command,
        env=variables,
        input=None if job is None else json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoAnswer(done.returncode, last[:200]) from None


def end_group(child: subprocess.Popen, patience_s: float = 10) -> None:
    """End a program that leads a process group, and all of that group.

    Args:
        patience_s: how long it may take to end by itself before it is killed.
    """
    for number, patience in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 10)):
        try:
            os.killpg(child.pid, number)
            child.wait(timeout=patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
