"""Takes the rows of a run, a source or an item out of every skill, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from harness_forge.core.errors import StoreError
from harness_forge.store import address
from harness_forge.store.connections import connect
from harness_forge.store.escaping import escape, unescape
from harness_forge.store.faults import translate_errors
from harness_forge.store.forgetting import statements, tombstones
from harness_forge.store.forgetting.tombstones import TombstoneKind

PROXY = "proxy"
"""The source of what `forge proxy` captured."""


class ForgetTarget(NamedTuple):
    """What is to be forgotten; `skill` is the only one that is looked in, '' looks in all."""

    kind: TombstoneKind
    name: str
    skill: str = ""


@dataclass(frozen=True)
class RemovedRows:
    """The rows of one skill that go.

    Args:
        skill: the schema.
        runs: ids of runs that go as a whole.
        ids: of the rows of each table in `LINES`.
        counts: rows by table, of all tables.
        shown_tips: attempts that stay, and whose prompt shows a tip that goes.
        keys: notes of the files that the runs were read from.
        files: digests of the content of those files.
    """

    skill: str
    runs: list[str] = field(default_factory=list)
    ids: dict[str, set[int]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    shown_tips: int = 0
    keys: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def forget(
    url: str,
    skills: Sequence[str],
    target: ForgetTarget,
    why: str,
    before: Callable[[list[RemovedRows]], Any] = lambda gone: None,
    *,
    dry_run: bool = False,
) -> list[RemovedRows]:
    """Delete the rows of a target and leave a tombstone in each skill that had some.

    Args:
        url: as libpq reads it.
        skills: the schemas to look in.
        why: goes into the tombstone.
        before: called with what goes, before anything is deleted. If it fails, or the process
            ends in it, nothing is deleted and the same call can be made again.
        dry_run: delete nothing.

    Raises:
        StoreError: a run or a source is being written by another process.
    """
    with translate_errors(url), closing(connect(url)) as connection:
        found = [
            gone
            for skill in skills
            if target.skill in ("", skill) and (gone := _found(connection, url, skill, target))
        ]
        before(found)
        if dry_run:
            connection.rollback()
            return found
        for gone in found:
            with _inside(connection, gone.skill):
                _delete(connection, gone, target)
                files = gone.files if target.kind is TombstoneKind.source else ()
                ids = _digest_of(gone)
                one = tombstones.fresh(target.kind, target.name, why, gone.counts, ids, files)
                tombstones.write(connection, one)
        connection.commit()
    return found


def known(url: str) -> list[tombstones.Tombstone]:
    """Return the tombstones of every skill, oldest first."""
    with translate_errors(url), closing(connect(url)) as connection:
        return tombstones.read(connection)


def lift(url: str, ones: Sequence[tombstones.Tombstone], source: str, why: str) -> None:
    """Write into tombstones that a source is taken in again on request, and why."""
    with translate_errors(url), closing(connect(url)) as connection:
        tombstones.lift(connection, ones, source, why)
        connection.commit()


@contextmanager
def _inside(connection: psycopg.Connection, skill: str) -> Iterator[None]:
    # pg_temp is looked in first.
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(skill)))
    yield


def _found(
    connection: psycopg.Connection, url: str, skill: str, target: ForgetTarget
) -> RemovedRows | None:
    """Return the rows of one skill that go, and hold the locks of who writes them."""
    name = escape(target.name)
    with _inside(connection, skill):
        runs = connection.execute(statements.RUNS[target.kind], {"name": name}).fetchall()
        keys = sorted({key for _, key in runs if key})
        _hold(connection, url, skill, [run for run, _ in runs], keys)
        values = {
            "name": name,
            "runs": [run for run, _ in runs],
            "kind": target.kind.value,
            "proxy": target.kind is TombstoneKind.source and target.name == PROXY,
        }
        for table, query in statements.GONE.items():
            connection.execute(f"DROP TABLE IF EXISTS pg_temp.gone_{table}")
            connection.execute(
                sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS ").format(
                    sql.Identifier(f"gone_{table}")
                )
                + sql.SQL(query),
                values,
            )
        ids = {
            table: {row[0] for row in connection.execute(f"SELECT id FROM gone_{table}")}  # noqa: S608
            for table in statements.LINES
        }
        counts = {"runs": len(runs)} | {
            table: connection.execute(query, values).fetchone()[0]
            for table, query in statements.COUNTS.items()
        }
        counts = {table: count for table, count in counts.items() if count}
        if not counts:
            return None
        shown = connection.execute(statements.SHOWN).fetchone()[0]
        files = [row[0] for row in connection.execute(statements.FILES, {"keys": keys})]
    return RemovedRows(skill, [unescape(run) for run, _ in runs], ids, counts, shown, keys, files)


def _hold(
    connection: psycopg.Connection, url: str, skill: str, runs: Sequence[str], keys: Sequence[str]
) -> None:
    """Take the locks of runs and intakes until the transaction ends."""
    for name in (*runs, *keys):
        query = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
        if not connection.execute(query, [f"{skill}/{unescape(name)}"]).fetchone()[0]:
            what = f"{unescape(name)} is being written by another process"
            raise StoreError(address.mask(url), what, "wait for it; nothing was forgotten")


def _delete(connection: psycopg.Connection, gone: RemovedRows, target: ForgetTarget) -> None:
    # The temporary tables are those of the last skill that was looked in: make them for this one.
    again = _found(connection, "", gone.skill, target)
    assert again is not None
    values = {
        "name": escape(target.name),
        "runs": [escape(run) for run in gone.runs],
        "kind": target.kind.value,
        "keys": gone.keys if target.kind is TombstoneKind.source else [],
        "notes": f"ingest/{escape(target.name)}/",
    }
    for statement in statements.DELETE:
        connection.execute(statement, values)


def _digest_of(gone: RemovedRows) -> str:
    total = sha256()
    for table in statements.LINES:
        for one in sorted(gone.ids[table]):
            total.update(f"{gone.skill}.{table}:{one}\n".encode())
    return total.hexdigest()
