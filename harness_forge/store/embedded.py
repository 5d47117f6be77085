"""The embedded PostgreSQL server: creates, starts, shares and stops it.

Every forge process that uses a store holds a shared lock on `pg.users` in
forge's home; the last to leave stops the server. The kernel frees a killed
process's lock, so nothing has to be repaired after a kill. `pg.lock` is held
while a server is made, started or stopped.
"""

from __future__ import annotations

import fcntl
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg

from harness_forge.core.errors import StoreError
from harness_forge.store import address, postmaster, sockets
from harness_forge.store.connections import NAME, connect
from harness_forge.store.faults import explain
from harness_forge.store.postgres_programs import Account, account_for, programs

USER = DATABASE = "forge"

_REASON = re.compile(r"FATAL|error:|pg_ctl: ")
_START_S = 60  # crash recovery included

_SETTINGS = """
# Written by harness-forge.
listen_addresses = ''          # the socket in this folder only
max_wal_size = '256MB'
wal_level = minimal
max_wal_senders = 0
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
jit = off
"""


class EmbeddedServer:
    """A running server that this process uses together with others.

    Args:
        home: forge's home; the data lies in `pg` below it.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self.data = self._home / "pg"
        self._log = self.data / "log"
        self._log_start = _size(self._log)
        self._users = self._open_lock("pg.users")
        try:
            with self._alone():
                self.url = self._running() or self._start()
                fcntl.flock(self._users, fcntl.LOCK_SH)
        except BaseException:
            self._users.close()
            raise

    def close(self, keep: bool = False) -> None:
        """Stop using the server; the last process stops it.

        A server stays up while anybody is connected to it.

        Args:
            keep: leave it running even so.
        """
        if self._users.closed:
            return
        with self._alone():
            fcntl.flock(self._users, fcntl.LOCK_UN)
            if not keep and self._last() and not self._visited():
                self._stop()
            self._users.close()

    def _open_lock(self, name: str) -> IO[str]:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            return (self._home / name).open("a")
        except OSError as error:
            raise self._os_fault(error) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._open_lock("pg.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _last(self) -> bool:
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _visited(self) -> bool:
        query = (
            "SELECT count(*) FROM pg_stat_activity"
            # Ours may still be on their way out; other forge processes hold the lock.
            " WHERE backend_type = 'client backend' AND application_name <> %s"
        )
        try:
            with connect(self.url, 2, autocommit=True) as connection:
                return connection.execute(query, [NAME]).fetchone()[0] > 0
        except psycopg.Error:
            return False

    def _running(self) -> str | None:
        """Return the URL of the server if it answers; wait for one that is starting.

        The socket is asked first: a server in another container that shares
        the folder is not among our processes.
        """
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            server = postmaster.read(self.data)
            if server is None:
                return None
            url = address.for_socket(server.sockets, USER, DATABASE)
            try:
                connect(url, 2).close()
                return url
            except psycopg.OperationalError as error:
                said = str(error)
                if "too many clients" in said or "reserved" in said:
                    raise explain(error, url) from error
                if "does not exist" in said:
                    return self._with_database(server.sockets)
                if not server.serves():
                    return None
                if not _in_transition(said):
                    self._unreachable()
                    return None
            self._check_disk()
            time.sleep(0.05)
        raise self._start_fault("FATAL: it does not come up")

    def _check_disk(self) -> None:
        """Fail at once for a server that cannot recover because the disk is full."""
        result = _since(self._log, self._log_start)
        if _full(result):
            raise self._start_fault(result)

    def _unreachable(self) -> None:
        # Alive, but its socket is gone (a cleaned /tmp), or it hangs in shutdown.
        if not self._last():
            raise StoreError(
                str(self.data),
                "the server runs but cannot be reached",
                "end the other forge commands and try again",
            )
        self._control("stop", "-m", "fast", "-w", "-t", "20")

    def _start(self) -> str:
        account = account_for(self.data)
        if not (self.data / "PG_VERSION").exists():
            self._make()
            account = account_for(self.data)
        postmaster.forget(self.data)
        folder = sockets.folder_for(self.data, account)
        options = f"-k {shlex.quote(folder)} -p 5432"
        self._log_start = _size(self._log)
        try:
            result = self._control(
                "start",
                "-w",
                "-t",
                str(_START_S),
                "-l",
                str(self._log),
                "-o",
                options,
                account=account,
            )
        except subprocess.TimeoutExpired as error:
            raise self._start_fault("FATAL: it does not come up") from error
        if result.returncode != 0:
            raise self._start_fault(result.stdout)
        return self._with_database(folder)

    def _stop(self) -> None:
        server = postmaster.read(self.data)
        if server is None or not server.serves():
            return
        result = self._control("stop", "-m", "fast", "-w", "-t", "30")
        if result.returncode != 0 and server.serves():
            # It cannot write its last checkpoint; the next start recovers.
            self._control("stop", "-m", "immediate", "-w", "-t", "10")

    def _control(
        self, *arguments: str, account: Account | None = None
    ) -> subprocess.CompletedProcess:
        account = account or account_for(self.data)
        return account.run(
            [str(programs() / "pg_ctl"), "-D", str(self.data), *arguments], _START_S + 10
        )

    def _make(self) -> None:
        """Create the data folder under a temporary name, then rename it."""
        fresh = self._home / "pg.new"
        try:
            if fresh.exists():
                shutil.rmtree(fresh)
            account = account_for(fresh)
            fresh.mkdir()
            account.own(fresh)
            result = account.run([str(programs() / "initdb"), *_initdb_options(fresh)], 120)
            if result.returncode != 0:
                raise self._start_fault(result.stdout)
            with (fresh / "postgresql.conf").open("a") as settings:
                settings.write(_SETTINGS)
            fresh.rename(self.data)
        except OSError as error:
            raise self._os_fault(error) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _with_database(self, folder: str) -> str:
        maintenance = address.for_socket(folder, USER, "postgres")
        try:
            with connect(maintenance, autocommit=True) as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, [DATABASE]).fetchone() is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            raise self._start_fault(str(error)) from error
        return address.for_socket(folder, USER, DATABASE)

    def _start_fault(self, said: str) -> StoreError:
        said += _since(self._log, self._log_start)
        if _full(said):
            return StoreError(str(self.data), "the disk is full", "free some space and try again")
        if "incompatible with server" in said:
            version = (self.data / "PG_VERSION").read_text().strip()
            return StoreError(
                str(self.data),
                f"was made by PostgreSQL {version}, which the embedded server cannot read",
                "dump it with that version and load it into a new forge_home",
            )
        result = [line for line in said.splitlines() if _REASON.search(line)]
        what = result[-1].split(": ", 1)[-1].strip() if result else "no reason given"
        return StoreError(str(self.data), f"the server does not start: {what}", self._log_hint())

    def _log_hint(self) -> str:
        return f"see {self._log}"

    def _os_fault(self, error: OSError) -> StoreError:
        what = (error.strerror or str(error)).lower()
        return StoreError(
            str(self._home),
            f"cannot hold the store: {what}",
            "free some space and try again"
            if "space" in what or "quota" in what
            else "set forge_home to a folder that you may write to, or store.url to a server",
        )


def _initdb_options(folder: Path) -> list[str]:
    # The built-in collation sorts alike on every machine.
    return [
        f"--pgdata={folder}",
        f"--username={USER}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--wal-segsize=4",  # MB; a store takes 30 MB on disk, not 50
        "--no-instructions",
    ]


def _in_transition(said: str) -> bool:
    return "starting up" in said or "shutting down" in said or "recovery" in said


def _full(said: str) -> bool:
    return "No space left on device" in said or "Disk quota exceeded" in said


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0


def _since(log: Path, start: int) -> str:
    """Return what the server wrote to its log after byte `start`."""
    try:
        return "\n" + log.read_bytes()[start:].decode(errors="replace")
    except OSError:
        return ""
