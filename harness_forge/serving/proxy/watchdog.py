"""Watchdog: restarts a proxy that dies or hangs.

The watchdog process holds the port, so clients wait in its queue instead of being
refused. A proxy that fails again soon is restarted in bypass mode: it passes everything
on and stores nothing. No byte of a request passes through the watchdog.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness_forge.config.proxy import ProxyConfig
from harness_forge.serving.proxy.event_loop import bind

_VARIABLE = "FORGE_PROXY_WATCHED"
_START_S = 120
_SOON_S = 60.0


@dataclass(frozen=True)
class WatchdogHandles:
    """What the watchdog passes to its proxy.

    Args:
        listener: the socket that listens.
        heartbeat: reports that the proxy runs; False when the watchdog is gone.
    """

    listener: socket.socket
    heartbeat: Callable[[], bool]


def from_watchdog() -> WatchdogHandles | None:
    """Return what this process got from its watchdog; None without one."""
    words = os.environ.pop(_VARIABLE, "")
    if not words:
        return None
    listener, pulse = map(int, words.split(","))

    def heartbeat() -> bool:
        try:
            os.write(pulse, b".")
        except BrokenPipeError:
            return False
        return True

    return WatchdogHandles(socket.socket(fileno=listener), heartbeat)


class Watchdog:
    """Starts a proxy and restarts it when it fails.

    Args:
        command: starts the proxy; `proxy.bypass=true` is added for bypass mode.

    Raises:
        ServeError: the port is taken, or not to be had.
    """

    def __init__(self, config: ProxyConfig, command: Sequence[str]) -> None:
        self._listener = bind(config.host, config.port)
        # Counted in waits of one second, so that a suspended host does not count as a hang.
        self._patience = max(round(config.watch_s), 2)
        self._command, self._process = list(command), None
        self._stopping = self._bypass = False

    def run(self) -> int:
        """Run until SIGINT or SIGTERM; returns the exit code of a proxy that ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        failed, began = -_SOON_S, False
        while True:
            why, started = self._follow()
            code = self._process.wait()
            if self._stopping or not code:
                return 0
            if not (began or started):
                return max(code, 1)  # it never served, and printed why
            began, now = True, time.monotonic()
            self._bypass |= now - failed < _SOON_S
            failed = now
            then = "passes everything on and keeps nothing" if self._bypass else "is started again"
            print(f"proxy: {why}; it {then}", file=sys.stderr, flush=True)

    def _follow(self) -> tuple[str, bool]:
        """Start a proxy; return why it ended, and whether it had begun to serve."""
        heard, pulse = os.pipe()
        words = self._command + (["proxy.bypass=true"] if self._bypass else [])
        handed = (self._listener.fileno(), pulse)
        environment = {**os.environ, _VARIABLE: ",".join(map(str, handed))}
        self._process = subprocess.Popen(words, env=environment, pass_fds=handed)
        os.close(pulse)
        if self._stopping:
            self._process.terminate()
        silent, started = 0, False
        try:
            while silent < (self._patience if started else _START_S):
                if not select.select([heard], [], [], 1.0)[0]:
                    silent += 1
                elif os.read(heard, 4096):
                    silent, started = 0, True
                else:
                    return "died", started
        finally:
            os.close(heard)
        self._process.kill()  # the one signal that reaches a stopped process
        return f"hung for {silent} s and was killed", started

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True
        if self._process is not None:
            self._process.terminate()
