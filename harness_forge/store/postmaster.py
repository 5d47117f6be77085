"""Reads a server's pid file, and checks whether that server still runs.

The file remains when a server is killed, and is copied or moved with its folder;
pids are reused. So a pid counts only if its process serves this very folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server that runs, or ran, on a data folder.

    Args:
        pid: of its first process, as far as the file knows.
        sockets: folder of its Unix socket.
    """

    data: Path
    pid: int
    sockets: str

    def serves(self) -> bool:
        """Whether the process lives and is a server of this data folder."""
        process = Path("/proc", str(self.pid))
        if not Path("/proc/self").exists():
            return _lives(self.pid)
        try:
            if (process / "comm").read_text().strip() != "postgres":
                return False
        except OSError:
            return False
        try:
            return (process / "cwd").samefile(self.data)
        except OSError:
            return _names(process, self.data)


def read(data: Path) -> Postmaster | None:
    """Return the contents of the pid file in `data`; None where it is missing or incomplete."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        recorded, sockets = Path(lines[1]), lines[4].strip()
        # If the folder was moved, its socket moved with it; if it was copied, the recorded
        # socket belongs to another server.
        return Postmaster(data, int(lines[0]), sockets if recorded == data else str(data))
    except (OSError, ValueError, IndexError):
        return None


def forget(data: Path) -> None:
    """Remove the pid file and socket of a dead server.

    If any process of the user has the old pid, PostgreSQL takes it for the
    running server and refuses to start.
    """
    dead = read(data)
    if dead is not None and dead.serves():
        return
    (data / "postmaster.pid").unlink(missing_ok=True)
    if dead is not None:
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            Path(dead.sockets, name).unlink(missing_ok=True)


def _names(process: Path, data: Path) -> bool:
    """Whether a process with a working folder that we may not read was started for `data`."""
    try:
        return os.fsencode(data) in (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
