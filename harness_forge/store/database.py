"""The store as a whole: a server, its connections, its skills."""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy

from harness_forge.core.errors import StoreError
from harness_forge.store import address, upgrade
from harness_forge.store.connections import connect
from harness_forge.store.embedded import EmbeddedServer
from harness_forge.store.faults import translate_errors
from harness_forge.store.migrations import HEAD
from harness_forge.store.skill import SkillStore

_OLDEST_SERVER = 14  # hash_record_extended


def open_store(url: str | None, home: Path) -> Store:
    """Open the store at `url`, or the embedded one below `home`.

    The embedded server is made and started where it is not running yet. Close
    the store when done: the last forge process to leave stops the server.

    Args:
        url: postgresql://user:password@host:port/database, or None.
        home: forge's home folder.

    Raises:
        StoreError: down, unreachable, too old, full, not writable.
    """
    if url:
        return Store(address.normalise(url))
    server = EmbeddedServer(home)
    try:
        return Store(server.url, server)
    except BaseException:
        server.close()
        raise


class Store:
    """A PostgreSQL database with one schema per skill.

    Args:
        url: as libpq reads it.
        server: the embedded server to give back on close.
    """

    def __init__(self, url: str, server: EmbeddedServer | None = None) -> None:
        self.url = url
        self._server = server
        # libpq reads the URL, here and everywhere: one reading of odd passwords.
        self.engine = sqlalchemy.create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            pool_size=8,
            max_overflow=24,
            pool_pre_ping=True,  # a restarted server does not end a long run
            use_native_hstore=False,
        )
        self._skills: dict[str, SkillStore] = {}
        atexit.register(self.close)
        try:
            self._check_server()
        except BaseException:
            self._shut()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def masked_url(self) -> str:
        """The URL with its password replaced, for people to see."""
        return address.mask(self.url)

    @property
    def embedded(self) -> bool:
        """Whether the server is the embedded one."""
        return self._server is not None

    def close(self, keep: bool = False) -> None:
        """Free run locks and connections and give up the embedded server.

        Args:
            keep: leave the embedded server running for others to connect to.
        """
        self._shut()
        if self._server is not None:
            self._server.close(keep)

    def skills(self) -> list[str]:
        """Return the skills that have a schema, sorted."""
        query = (
            "SELECT table_schema FROM information_schema.tables"
            " WHERE table_name IN ('alembic_version', 'attempts', 'work_items')"
            " GROUP BY table_schema HAVING count(*) = 3 ORDER BY table_schema"
        )
        with translate_errors(self.url), self.engine.connect() as connection:
            return list(connection.exec_driver_sql(query).scalars())

    def upgrade(self, skill: str) -> list[str]:
        """Make or upgrade a skill's schema and return the steps that were applied.

        Raises:
            StoreError: the schema is newer than this forge, or no privilege.
        """
        upgrade.checked_name(skill)
        with translate_errors(self.url), self.engine.begin() as connection:
            return upgrade.upgrade(connection, skill, self.masked_url)

    def skill(self, name: str) -> SkillStore:
        """Return the records of one skill.

        Raises:
            StoreError: there is no such skill yet, or its schema is older or
                newer than this forge.
        """
        upgrade.checked_name(name)
        with translate_errors(self.url), self.engine.connect() as connection:
            upgrade.check(connection, name, self.masked_url)
        return self._skills.setdefault(name, SkillStore(self.engine, self.url, name))

    def status(self) -> dict[str, Any]:
        """Return url (masked), embedded, server_version, size_bytes and skills.

        `skills` maps each name to its revision, whether that is current, its
        size in bytes and the row count of each table.
        """
        with translate_errors(self.url), self.engine.connect() as connection:
            version, size = connection.exec_driver_sql(
                "SELECT current_setting('server_version'), pg_database_size(current_database())"
            ).one()
        return {
            "url": self.masked_url,
            "embedded": self.embedded,
            "server_version": version,
            "size_bytes": size,
            "skills": {name: self._skill_status(name) for name in self.skills()},
        }

    def _skill_status(self, name: str) -> dict[str, Any]:
        query = (
            "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c"
            " WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(%s)"
            " AND c.relname <> 'alembic_version' ORDER BY c.relname"
        )
        with translate_errors(self.url), self.engine.connect() as connection:
            sizes = dict(tuple(row) for row in connection.exec_driver_sql(query, (name,)))
            counts = {table: _count(connection, name, table) for table in sizes}
            at = upgrade.revision(connection, name)
        return {
            "revision": at,
            "current": at == HEAD,
            "size_bytes": sum(sizes.values()),
            "rows": counts,
        }

    def _connect(self) -> psycopg.Connection:
        return connect(self.url)

    def _check_server(self) -> None:
        query = "SELECT current_setting('server_version_num'), current_setting('server_encoding')"
        with translate_errors(self.url), self.engine.connect() as connection:
            number, encoding = connection.exec_driver_sql(query).one()
        if int(number) // 10000 < _OLDEST_SERVER:
            raise StoreError(
                self.masked_url,
                f"is PostgreSQL {int(number) // 10000}; {_OLDEST_SERVER} or newer is needed",
                "point store.url at a newer server",
            )
        if encoding != "UTF8":
            raise StoreError(
                self.masked_url,
                f"the database's encoding is {encoding}, which cannot hold every answer",
                "create one with `createdb --encoding=UTF8 --template=template0`",
            )

    def _shut(self) -> None:
        atexit.unregister(self.close)
        for skill in self._skills.values():
            skill.release()
        self.engine.dispose()


def _count(connection: sqlalchemy.Connection, schema: str, table: str) -> int:
    rows = sqlalchemy.select(sqlalchemy.func.count()).select_from(
        sqlalchemy.table(table, schema=schema)
    )
    return connection.scalar(rows)
