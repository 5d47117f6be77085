"""What pages read: the config, the store, the folders of the loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.report.console.checked import HealthCheck
from harness_forge.report.console.exchange import PageRefused, PageRequest
from harness_forge.store.database import Store, open_store
from harness_forge.store.faults import translate_errors
from harness_forge.store.opening import has_store

_SKILLS_S = 5
"""Seconds for which the list of skills is not asked for again."""
_LIMIT = "SET LOCAL statement_timeout = '10s'"
_NO_STORE = "`forge run` or `forge ingest` fills one"


@dataclass
class ConsoleSite:
    """What pages read. Safe to use from several threads.

    The store is opened when a page first needs it. A console never makes one.

    Args:
        after_decision: called with the config and what prints a line, once a page has approved
            or declined an adapter.
    """

    config: ForgeConfig
    after_decision: Callable[[ForgeConfig, Callable[[str], None]], object] = lambda *_: None
    _store: Store | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: dict[str, list[psycopg.Connection]] = field(default_factory=dict)
    _skills: tuple[float, list[str]] | None = None
    health: HealthCheck = field(init=False)

    def __post_init__(self) -> None:
        self.health = HealthCheck(self.config)

    @property
    def home(self) -> Path:
        """Forge's home."""
        return Path(self.config.forge_home)

    @property
    def data(self) -> Path:
        """The folder of datasets."""
        return Path(self.config.data_dir)

    @property
    def has_store(self) -> bool:
        """Whether there is a store to be opened."""
        return has_store(self.config)

    def store(self) -> Store:
        """Return the store.

        Raises:
            PageRefused: there is none yet.
            StoreError: it is down.
        """
        if not self.has_store:
            raise PageRefused(404, f"there is no store in {self.home} yet", _NO_STORE)
        with self._lock:
            if self._store is None:
                self._store = open_store(self.config.store.url, self.home)
            return self._store

    def skills(self) -> list[str]:
        """Return the skills that have a schema: those of the config first; [] without a store."""
        if not self.has_store:
            return []
        found = self._named()
        own = [one.skill.name for one in skills_of(self.config)]
        return [*(name for name in own if name in found), *(n for n in found if n not in own)]

    def _named(self) -> list[str]:
        """Return the skills with a schema, asked every few seconds: it takes as long as a page."""
        now = time.monotonic()
        if self._skills is None or now - self._skills[0] > _SKILLS_S:
            self._skills = now, self.store().skills()
        return self._skills[1]

    def skill_of(self, request: PageRequest) -> str:
        """Return the skill that a request names, else the first.

        Raises:
            PageRefused: it has no schema, or there is none at all.
        """
        found = self.skills()
        name = request.query.get("skill", "")
        if not found:
            raise PageRefused(404, "the store holds no skill yet", _NO_STORE)
        return self.known(name, found) if name else found[0]

    def known(self, name: str, skills: list[str] | None = None) -> str:
        """Return `name`, which must be a skill with a schema.

        Raises:
            PageRefused: it has none.
        """
        found = self.skills() if skills is None else skills
        if name not in found:
            hint = f"there are: {', '.join(found)}" if found else _NO_STORE
            raise PageRefused(404, f"the store holds no skill {name[:60]!r}", hint)
        return name

    @contextmanager
    def reading(self, skill: str) -> Iterator[psycopg.Connection]:
        """Yield a read-only connection to a skill's schema, in a transaction of its own.

        Connections are kept: a new one takes longer than most pages.

        Raises:
            StoreError: its schema is of another version, or the server failed.
        """
        store = self.store()
        with translate_errors(store.url):
            connection = self._idle_one(skill) or self._new_one(store, skill)
            try:
                yield connection
                connection.rollback()
            except BaseException:
                connection.close()
                raise
        with self._lock:
            self._idle.setdefault(skill, []).append(connection)

    def _idle_one(self, skill: str) -> psycopg.Connection | None:
        """Return a connection that is at hand and still alive."""
        while True:
            with self._lock:
                kept = self._idle.get(skill)
                connection = kept.pop() if kept else None
            if connection is None:
                return None
            with suppress(psycopg.OperationalError):
                connection.execute(_LIMIT)
                return connection
            connection.close()

    def _new_one(self, store: Store, skill: str) -> psycopg.Connection:
        connection = store.skill(skill).connect_read_only()
        connection.execute(_LIMIT)
        return connection

    def close(self) -> None:
        """Give up the store."""
        self.health.close()
        with self._lock:
            for connection in (one for kept in self._idle.values() for one in kept):
                connection.close()
            self._idle.clear()
            if self._store is not None:
                self._store.close()
                self._store = None
