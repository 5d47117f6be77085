"""Upgrades a skill's schema, and reads its version."""

from __future__ import annotations

import re

import sqlalchemy
from sqlalchemy import Connection

from harness_forge.core.errors import StoreError
from harness_forge.store.migrations import FILES, HEAD

_SKILL = re.compile(r"^(?!pg_)[a-z][a-z0-9_]{0,49}$")
_RESERVED = {"public", "information_schema"}


def checked_name(skill: str) -> str:
    """Return `skill` if it can name a schema.

    Raises:
        StoreError: it cannot.
    """
    if not _SKILL.match(skill) or skill in _RESERVED:
        raise StoreError(
            f"skill {skill!r}",
            "cannot name a schema",
            "use small letters, digits and _, starting with a letter",
        )
    return skill


def revision(connection: Connection, skill: str) -> str | None:
    """Return the version of a skill's schema; None where there is no schema yet."""
    table = connection.exec_driver_sql(
        "SELECT to_regclass(%s)", (f'"{skill}".alembic_version',)
    ).scalar()
    if table is None:
        return None
    step = sqlalchemy.select(sqlalchemy.column("version_num"))
    return connection.scalar(step.select_from(sqlalchemy.table("alembic_version", schema=skill)))


def check(connection: Connection, skill: str, where: str) -> None:
    """Check that this forge can read and write a schema.

    Raises:
        StoreError: missing, older or newer.
    """
    at = revision(connection, skill)
    if at == HEAD:
        return
    if at is None:
        raise StoreError(
            where,
            f"holds no skill {skill!r}",
            "`forge run` or `forge ingest` fills one, `forge store upgrade` makes an empty one,"
            " each with the same skill",
        )
    _refuse_newer(at, skill, where)
    raise StoreError(
        where,
        f"schema {skill} is at step {at}, this forge needs {HEAD}",
        "run `forge store upgrade`, which brings all schemas up to date",
    )


def upgrade(connection: Connection, skill: str, where: str) -> list[str]:
    """Apply the missing steps in one transaction, and return their names.

    Two processes that upgrade at once wait for each other.

    Raises:
        StoreError: the schema is newer than this forge.
    """
    if revision(connection, skill) == HEAD:
        return []
    connection.exec_driver_sql(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"upgrade/{skill}",)
    )
    at = revision(connection, skill)
    if at == HEAD:
        return []
    if at is not None:
        _refuse_newer(at, skill, where)
    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{skill}"')
    connection.exec_driver_sql(f'SET LOCAL search_path = "{skill}"')
    return _apply(connection, at or "")


def _apply(connection: Connection, after: str) -> list[str]:
    """Run the files of the steps after one, note the last in the schema, and return their names."""
    applied = []
    # The table's name is Alembic's, which applied the steps of older stores.
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    for step, file in FILES.items():
        if step > after:
            # By psycopg itself: a file has several statements and unescaped percent signs.
            connection.connection.driver_connection.execute(file.read_text(encoding="utf-8"))
            applied.append(file.stem)
    connection.exec_driver_sql("DELETE FROM alembic_version")
    connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES (%s)", (HEAD,))
    return applied


def _refuse_newer(at: str, skill: str, where: str) -> None:
    if at not in FILES:
        raise StoreError(
            where,
            f"schema {skill} is at step {at}, which is newer than this forge ({HEAD})",
            "install the harness-forge that wrote it, or a newer one",
        )
