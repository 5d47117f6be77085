"""Asks a process of forge for items and verdicts; runs where `verifiers` is installed."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

_MODULE = "harness_forge.rollouts.verifiers.answering"
PYTHON = "FORGE_PYTHON"
"""The variable that names forge's Python, where that is another one."""


class Forge:
    """One process of forge; thread-safe, several verdicts at once.

    Args:
        overrides: settings as on forge's command line.

    Raises:
        RuntimeError: forge says what is wrong with them, or did not start.
    """

    def __init__(self, overrides: Sequence[str]) -> None:
        command = [os.environ.get(PYTHON) or sys.executable, "-m", _MODULE, *overrides]
        # The package is found where this one was; what else it needs is in that Python.
        package = str(Path(__file__).parents[3])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, encoding="utf-8"
            )
        except OSError as error:
            raise RuntimeError(f"{PYTHON}={command[0]}: {error.strerror}") from None
        first = self._process.stdout.readline()
        said = json.loads(first) if first else {"error": f"{command[0]} -m {_MODULE} ended at once"}
        if "error" in said:
            self._end()
            raise RuntimeError(said["error"])
        self.items: list[dict[str, Any]] = said["items"]
        self._waiting: dict[int, Future] = {}
        self._numbers, self._writing = itertools.count(), threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def judge(self, item: str, message: Mapping[str, Any], finish: str) -> dict[str, Any]:
        """Return passed, value, failure_mode, summary and infrastructure of an answer.

        Raises:
            RuntimeError: the process ended.
        """
        future: Future = Future()
        with self._writing:
            number = next(self._numbers)
            self._waiting[number] = future
            asked = {"id": number, "item": item, "message": message, "finish": finish}
            try:
                self._process.stdin.write(json.dumps(asked) + "\n")
                self._process.stdin.flush()
            except OSError:
                raise RuntimeError("forge's process ended") from None
        return future.result()

    def close(self) -> None:
        """End the process, after the verdicts that it still owes."""
        self._process.stdin.close()
        self._reader.join()
        self._end()

    def _end(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout:
            said = json.loads(line)
            self._waiting.pop(said["id"]).set_result(said["found"])
        for future in self._waiting.values():
            future.set_exception(RuntimeError("forge's process ended"))
