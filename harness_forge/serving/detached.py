"""Starts `forge serve` so that it keeps running without its terminal."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harness_forge.core.errors import ServeError
from harness_forge.serving import state
from harness_forge.serving.state import Running

_POLL_S = 0.2


def said(home: Path, port: int) -> Path:
    """Return the file that a detached `forge serve` writes to."""
    return home / "serving" / f"{port}.out"


def start(home: Path, port: int, arguments: Sequence[str], timeout_s: float) -> Running:
    """Start it and return when its models have been tested and its aliases set.

    Args:
        arguments: of `forge serve`, with the port.

    Raises:
        ServeError: it ended, with its message; or it takes too long, and keeps running.
    """
    output = said(home, port)
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "harness_forge.cli", "serve", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if child.poll() is not None:
            raise _ended(output, child.returncode)
        for running in state.servers(home)[0]:
            if running.owner.pid == child.pid and running.ready:
                # It keeps running without this process.
                child.returncode = 0
                return running
        time.sleep(_POLL_S)
    child.returncode = 0
    what = f"is not ready after {timeout_s:g} s and goes on"
    raise ServeError("forge serve", what, f"`forge serve status`; what it says: {output}")


def _ended(place: Path, code: int) -> ServeError:
    """Return the error that it printed."""
    text = place.read_text(encoding="utf-8", errors="replace").splitlines()
    faults = [n for n, line in enumerate(text) if line.startswith("forge: ")]
    if not faults:
        return ServeError("forge serve", f"ended with code {code}", f"what it said: {place}")
    line = text[faults[-1]].removeprefix("forge: ")
    hints = [line.strip() for line in text[faults[-1] + 1 :] if line.startswith("  hint: ")]
    return ServeError("", line, hints[0].removeprefix("hint: ") if hints else "")
