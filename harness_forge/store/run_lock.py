"""Opens or resumes a run, locked so that one process at a time writes it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from harness_forge.core.errors import StoreError
from harness_forge.store import address, rows
from harness_forge.store.connections import connect
from harness_forge.store.escaping import storable
from harness_forge.store.faults import translate_errors

_PATIENCE_S = 1.0  # a killed process's connection takes a moment to be noticed


@dataclass(frozen=True, slots=True)
class RunHandle:
    """An open run.

    Args:
        done: the attempts it already has, as (item_id, attempt_num).
        complete: it was finished before; nothing is left to do.
    """

    run_id: str
    done: frozenset[tuple[str, int]]
    complete: bool


class RunLock:
    """A lock on one run, held by its own connection.

    PostgreSQL frees it when the connection ends, so also when the process is
    killed.

    Raises:
        StoreError: another process holds it.
    """

    def __init__(self, url: str, skill: str, run_id: str) -> None:
        with translate_errors(url):
            self._connection = connect(url, autocommit=True)
            try:
                self._take(url, f"{skill}/{run_id}", run_id)
            except BaseException:
                self._connection.close()
                raise

    def _take(self, url: str, name: str, run_id: str) -> None:
        query = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        deadline = time.monotonic() + _PATIENCE_S
        while not self._connection.execute(query, [name]).fetchone()[0]:
            if time.monotonic() > deadline:
                raise StoreError(
                    address.mask(url),
                    f"run {run_id} is being written by another process",
                    "wait for it, or start one of its own with run.fresh=true",
                )
            time.sleep(0.05)

    def release(self) -> None:
        """Release the run for other processes."""
        self._connection.close()


class OpenRuns:
    """The runs of one skill that this process writes, each with its lock.

    Args:
        url: as libpq reads it.
        skill: the skill's name.
    """

    def __init__(self, url: str, skill: str) -> None:
        self._url, self._skill = url, skill
        self._locks: dict[str, RunLock] = {}
        self._guard = threading.Lock()

    def open(self, connection: psycopg.Connection, row: rows.Row, fresh: bool) -> RunHandle:
        """Start the run of a row of `runs`, or resume the same one.

        Args:
            fresh: start a new one even if there is one.

        Raises:
            StoreError: this or another process is writing the run.
        """
        # Two processes that start the same run at once must see each other.
        query = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
        connection.execute(query, [row["config_digest"]])
        known = None if fresh else _latest(connection, row["config_digest"])
        return self._resume(connection, *known) if known else self._start(connection, row)

    def close(self, run_id: str) -> None:
        """Release a run's lock."""
        with self._guard:
            lock = self._locks.pop(run_id, None)
        if lock is not None:
            lock.release()

    def close_all(self) -> None:
        """Release the locks of all runs that were not finished."""
        with self._guard:
            locks, self._locks = list(self._locks.values()), {}
        for lock in locks:
            lock.release()

    def _start(self, connection: psycopg.Connection, row: rows.Row) -> RunHandle:
        run_id = _new_id()
        rows.insert(connection, "runs", {"id": run_id, **row})
        self._hold(run_id)
        return RunHandle(run_id, frozenset(), complete=False)

    def _resume(self, connection: psycopg.Connection, run_id: str, complete: bool) -> RunHandle:
        if not complete:
            self._hold(run_id)
            connection.execute(
                "UPDATE runs SET status = 'running', ended_at = NULL WHERE id = %s", [run_id]
            )
        return RunHandle(run_id, _done(connection, run_id), complete)

    def _hold(self, run_id: str) -> None:
        with self._guard:
            if run_id in self._locks:
                raise StoreError(
                    address.mask(self._url), f"run {run_id} is already open in this process"
                )
            self._locks[run_id] = RunLock(self._url, self._skill, run_id)


def digest(identity: Mapping[str, Any]) -> str:
    """Return the hash that identifies the same run."""
    text = json.dumps(storable(identity), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _new_id() -> str:
    """Return a run id that sorts by time, such as `20261121-040711-3f2a9c`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"


def _latest(connection: psycopg.Connection, config_digest: str) -> tuple[str, bool] | None:
    """Return id and completeness of the newest run with this digest."""
    query = (
        "SELECT id, status = 'complete' FROM runs WHERE config_digest = %s"
        " ORDER BY started_at DESC, id DESC LIMIT 1"
    )
    return connection.execute(query, [config_digest]).fetchone()


def _done(connection: psycopg.Connection, run_id: str) -> frozenset[tuple[str, int]]:
    """Return the attempts of a run."""
    query = "SELECT item_id, attempt_num FROM attempts WHERE run_id = %s"
    return frozenset(connection.execute(query, [run_id]).fetchall())


def search_path(skill: str) -> sql.Composed:
    """Return the statement that sets the search path to a skill's schema."""
    return sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(skill))
