"""Watches a proxy from outside: one that dies or stands still is ended and started again.

The watching process holds the port, so callers wait in its queue meanwhile
instead of being turned away. A proxy that fails again soon after is started
as one that passes everything on and keeps nothing: sick as it is, it stands in
nobody's way. No byte of a request passes through the watching process.
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
from harness_forge.serving.proxy.listening import bind

_VARIABLE = "FORGE_PROXY_WATCHED"
_START_S = 120
_SOON_S = 60.0


@dataclass(frozen=True)
class Handed:
    """What a watched proxy is given.

    Args:
        bound: the socket that listens.
        beat: says that it goes on; False when nobody watches any more.
    """

    bound: socket.socket
    beat: Callable[[], bool]


def handed() -> Handed | None:
    """Return what the process that watches this one gave it; None where none does."""
    words = os.environ.pop(_VARIABLE, "")
    if not words:
        return None
    door, pulse = map(int, words.split(","))

    def beat() -> bool:
        try:
            os.write(pulse, b".")
        except BrokenPipeError:
            return False
        return True

    return Handed(socket.socket(fileno=door), beat)


class Watch:
    """Starts a proxy and keeps one going.

    Args:
        command: starts it; `proxy.bypass=true` is added where it is to keep nothing.

    Raises:
        ServeError: the port is taken, or not to be had.
    """

    def __init__(self, config: ProxyConfig, command: Sequence[str]) -> None:
        self._bound = bind(config.host, config.port)
        # Counted in waits of a second each, so that a host that slept has not waited for long.
        self._patience = max(round(config.watch_s), 2)
        self._command, self._process = list(command), None
        self._stopping = self._bypass = False

    def run(self) -> int:
        """Go on until SIGINT or SIGTERM; returns the exit code of a proxy that ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        failed, began = -_SOON_S, False
        while True:
            why, beaten = self._follow()
            code = self._process.wait()
            if self._stopping or not code:
                return 0
            if not (began or beaten):
                return max(code, 1)  # it never began, and said why
            began, now = True, time.monotonic()
            self._bypass |= now - failed < _SOON_S
            failed = now
            then = "passes everything on and keeps nothing" if self._bypass else "is started again"
            print(f"proxy: {why}; it {then}", file=sys.stderr, flush=True)

    def _follow(self) -> tuple[str, bool]:
        """Start a proxy; return why it is there no more, and whether it had begun to serve."""
        heard, pulse = os.pipe()
        words = self._command + (["proxy.bypass=true"] if self._bypass else [])
        handed = (self._bound.fileno(), pulse)
        environment = {**os.environ, _VARIABLE: ",".join(map(str, handed))}
        self._process = subprocess.Popen(words, env=environment, pass_fds=handed)
        os.close(pulse)
        if self._stopping:
            self._process.terminate()
        silent, beaten = 0, False
        try:
            while silent < (self._patience if beaten else _START_S):
                if not select.select([heard], [], [], 1.0)[0]:
                    silent += 1
                elif os.read(heard, 4096):
                    silent, beaten = 0, True
                else:
                    return "died", beaten
        finally:
            os.close(heard)
        self._process.kill()  # the one signal that reaches a stopped process
        return f"stood still for {silent} s and was ended", beaten

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True
        if self._process is not None:
            self._process.terminate()
