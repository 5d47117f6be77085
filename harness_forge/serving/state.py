"""Which servers run here: a file for each port in `<home>/serving/servers`, checked when read.

Process ids are reused, so the process' start time is stored too; the file of a process
that has ended is stale and deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness_forge.core.errors import ServeError
from harness_forge.core.files import write_json

_PATIENCE_S = 30.0
_POLL_S = 0.1


@dataclass(frozen=True)
class Process:
    """A process, identified beyond its reusable id.

    Args:
        started: clock ticks from the machine's start to its own; 0 if it has ended.
        boot: id of the machine's boot.
    """

    pid: int
    started: int = 0
    boot: str = ""

    @property
    def alive(self) -> bool:
        """Whether it still runs, and is the same."""
        return self.started > 0 and process(self.pid) == self


@dataclass(frozen=True)
class Running:
    """A server that forge started.

    Args:
        server: vLLM's process, the leader of its own group.
        owner: the forge process that started it and stops it.
        url: up to and with /v1.
        base: the served name of the base model.
        adapters: names of those served from the start.
        rank: the highest that its slots can hold; 0 takes no adapter.
        ready: it has answered.
        since: when it was started, in UTC.
    """

    server: Process
    owner: Process
    port: int
    url: str
    base: str
    adapters: list[str] = field(default_factory=list)
    rank: int = 0
    hardware: str = ""
    ready: bool = False
    since: str = ""
    log: str = ""

    @property
    def orphan(self) -> bool:
        """Whether it still runs though the forge process that started it has ended."""
        return self.server.alive and not self.owner.alive


def process(pid: int) -> Process:
    """Return a process by its id, with its start time; 0 for one that has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return Process(pid)
    # The program's name is in brackets and may itself contain blanks and brackets.
    words = stat.rpartition(")")[2].split()
    return Process(pid) if words[0] in "ZX" else Process(pid, int(words[19]), boot)


def folder(home: Path) -> Path:
    """Return the folder of the files."""
    return home / "serving" / "servers"


def place(home: Path, port: int) -> Path:
    """Return the file of a server."""
    return folder(home) / f"{port}.json"


def write(home: Path, running: Running) -> None:
    """Record that a server runs."""
    write_json(place(home, running.port), asdict(running))


def forget(home: Path, port: int) -> None:
    """Delete the file of a server."""
    place(home, port).unlink(missing_ok=True)


def servers(home: Path) -> tuple[list[Running], list[Path]]:
    """Return the running servers, and the stale files, which are now deleted."""
    found, stale = [], []
    for file in sorted(folder(home).glob("[0-9]*.json")):
        running = _read(file)
        if running and running.server.alive:
            found.append(running)
        else:
            file.unlink(missing_ok=True)
            stale.append(file)
    return found, stale


def one(home: Path, port: int = 0) -> Running:
    """Return the server on a port, or the only one there is.

    Raises:
        ServeError: there is none, or there are several and no port is given.
    """
    found, _ = servers(home)
    here = [running for running in found if running.port == port] if port else []
    if here or len(found) == 1:
        return (here or found)[0]
    if not found:
        raise ServeError("forge serve", "no server runs", "start one: forge serve --detach")
    ports = ", ".join(str(running.port) for running in found)
    raise ServeError("forge serve", f"several servers run: {ports}", "tell which: serve.port=PORT")


def stop(home: Path, running: Running) -> None:
    """Stop a server, its children, and the forge process that watches it.

    Raises:
        ServeError: it belongs to another user, or does not stop.
    """
    try:
        if running.owner.alive:
            os.kill(running.owner.pid, signal.SIGTERM)
        else:
            _signal_group(running.server, signal.SIGTERM)
        if not _gone(running, _PATIENCE_S):
            _signal_group(running.server, signal.SIGKILL)
    except PermissionError:
        what = f"process {running.server.pid} is another user's"
        raise ServeError(running.url, what, "stop it as that user") from None
    if not _gone(running, _PATIENCE_S):
        raise ServeError(running.url, f"process {running.server.pid} does not end")
    forget(home, running.port)


def _gone(running: Running, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while running.server.alive or running.owner.alive:
        if time.monotonic() >= until:
            return False
        time.sleep(_POLL_S)
    return True


def _signal_group(server: Process, number: int) -> None:
    if server.alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)


def _read(file: Path) -> Running | None:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        fields["server"], fields["owner"] = Process(**fields["server"]), Process(**fields["owner"])
        return Running(**fields)
    except (OSError, ValueError, TypeError, KeyError):
        return None
