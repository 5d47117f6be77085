"""A server's process: start it, wait until it answers, stop it with its children."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from harness_forge.core.errors import ServeError

_POLL_S = 0.5
_PATIENCE_S = 15
"""How long it may take to exit by itself."""

Show = Callable[[float, str], None]
"""Called with the seconds since the start and the last line of the log."""


@dataclass(frozen=True)
class Launch:
    """A server to start.

    Args:
        variables: the whole environment of the process.
        log: file for its output.
        timeout_s: seconds it may take until it answers.
    """

    command: Sequence[str]
    variables: Mapping[str, str]
    host: str
    port: int
    log: Path
    timeout_s: float

    @property
    def url(self) -> str:
        """Base URL of the OpenAI API."""
        return f"http://{self.host}:{self.port}/v1"


class Server:
    """A server that answers.

    Args:
        child: its process, the leader of a group of its own.
    """

    def __init__(self, launch: Launch, child: subprocess.Popen) -> None:
        self.url, self._launch, self._child = launch.url, launch, child

    def wait(self) -> None:
        """Wait until the server ends or Ctrl-C is pressed; never return.

        Raises:
            ServeError: it ended by itself.
        """
        while self._child.poll() is None:
            time.sleep(_POLL_S)
        raise died(self._launch, self._child.returncode, "ended")


@contextmanager
def running(
    launch: Launch,
    show: Show = lambda seconds, line: None,
    begun: Callable[[int], None] = lambda pid: None,
) -> Iterator[Server]:
    """Start a server, yield it when it answers, stop it and its children afterwards.

    Args:
        begun: called with the process id, before it answers.

    Raises:
        ServeError: the port is in use, it died while starting, or it took too long.
    """
    check_port(launch.host, launch.port)
    launch.log.parent.mkdir(parents=True, exist_ok=True)
    with launch.log.open("wb") as log:
        # vLLM may write prompts there (`--enable-log-requests`).
        launch.log.chmod(0o600)
        try:
            child = subprocess.Popen(
                launch.command,
                env=dict(launch.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its own group: Ctrl-C then reaches only forge, which stops the whole group.
                start_new_session=True,
            )
        except OSError as error:
            program = launch.command[0]
            what = f"cannot be started: {error.strerror}"
            hint = "`forge workset install serve` renews it"
            raise ServeError(program, what, hint) from None
    try:
        begun(child.pid)
        _answering(launch, child, show)
        yield Server(launch, child)
    finally:
        _end(child)


def check_port(host: str, port: int) -> None:
    """Refuse a port that is in use.

    Raises:
        ServeError: it is in use, or this user may not open it.
    """
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            hint = "choose another: serve.port=8001, or serve.port=0 for a free one"
            in_use = (
                "is in use"
                if error.errno == errno.EADDRINUSE
                else f"cannot be taken: {error.strerror}"
            )
            raise ServeError(f"serve.port: {port}", in_use, hint) from None


def free_port(host: str) -> int:
    """Return a free port."""
    with socket.socket(_family(host)) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _answering(launch: Launch, child: subprocess.Popen, show: Show) -> None:
    started = time.monotonic()
    with httpx.Client(trust_env=False, timeout=5) as client:
        while (spent := time.monotonic() - started) < launch.timeout_s:
            if child.poll() is not None:
                raise died(launch, child.returncode, "ended while it started")
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{launch.url}/models").status_code == 200:
                    return
            show(spent, _last_line(launch.log))
            time.sleep(_POLL_S)
    what = f"does not answer after {launch.timeout_s:g} s; its last words: {_last_line(launch.log)}"
    raise ServeError("vLLM", what, f"serve.start_timeout_s; its whole log: {launch.log}")


def died(launch: Launch, code: int, how: str) -> ServeError:
    """Return the error with the server's cause of death, from its log."""
    lines = _lines(launch.log)
    hint = f"its whole log: {launch.log}"
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        hint = f"usually out of memory: lower serve.kv_cache_gb; {hint}"
        return ServeError("vLLM", f"{how}: it was killed", hint)
    faults = [line for line in lines if _FAULT.match(line) and not _FOLLOWS.search(line)]
    # The first fault is the cause; later ones follow from it.
    last = (faults or [line for line in reversed(lines) if line] or ["no message"])[0]
    return ServeError("vLLM", f"{how} with code {code}: {last[:200]}", hint)


_PREFIX = re.compile(r"^(\([\w ]+pid=\d+\) )?([A-Z]+ [\d-]+ [\d:]+ \[[\w.]+:\d+\] ?)?")
_FAULT = re.compile(r"^[\w.]*(Error|Exception|error):? ")
_FOLLOWS = re.compile(r"Engine core initialization failed|WorkerProc initialization failed")


def _lines(log: Path) -> list[str]:
    text = log.read_bytes().decode(errors="replace").replace("\r", "\n")
    return [_PREFIX.sub("", line).strip() for line in text.splitlines()]


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - 4096, 0))
        text = file.read().decode(errors="replace").replace("\r", "\n")
    lines = [_PREFIX.sub("", line).strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _end(child: subprocess.Popen) -> None:
    """Stop the server, then the rest of its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(timeout=_PATIENCE_S)
    except BaseException as error:
        _kill(child)
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
    _kill(child)


def _kill(child: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
