"""Tombstones: what was forgotten, without the text; what an ingestion must not bring back.

A tombstone names a source by its name and a file by the digest of its content. A run and an
item are named by a hash alone, for an id may say whose it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256

import psycopg
from psycopg import sql

from harness_forge.store import rows
from harness_forge.store.escaping import restored

_PREFIX = "forgotten/"
_SCHEMAS = (
    "SELECT table_schema FROM information_schema.tables WHERE table_name = 'skill_settings'"
    " ORDER BY table_schema"
)


class TombstoneKind(Enum):
    """What is forgotten as a whole."""

    run = "run"
    source = "source"
    item = "item"


@dataclass(frozen=True)
class Tombstone:
    """What is left of rows that were forgotten.

    Args:
        key: of the note that holds it.
        kind: run, source or item.
        name: of a source; '' for a run or an item.
        sha256: hash of the name of the source, the run or the item.
        why: as it was said.
        when: ISO time, UTC.
        counts: rows by table.
        ids_sha256: hash of the ids of all rows, sorted.
        files: digests of the content of the source's files.
        lifted: by source, when and why its rows were taken in again.
    """

    key: str
    kind: str
    name: str
    sha256: str
    why: str
    when: str
    counts: dict[str, int] = field(default_factory=dict)
    ids_sha256: str = ""
    files: Sequence[str] = ()
    lifted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def says(self) -> str:
        """Return when and why, for an error or a note."""
        return f"was forgotten {self.when[:10]} ({self.why})"


class Forgotten:
    """The tombstones that one source must respect.

    Args:
        tombstones: of all skills.
        source: rows that were taken in of it again, on request, are not kept out.
        allowed: nothing is kept out; `met` says what would have been.
    """

    def __init__(
        self, tombstones: Iterable[Tombstone] = (), source: str = "", *, allowed: bool = False
    ) -> None:
        self._allowed = allowed
        self.open = [one for one in tombstones if source not in one.lifted]
        self._names = {
            kind: {one.sha256: one for one in self.open if one.kind == kind.value}
            for kind in TombstoneKind
        }
        self._files = {digest: one for one in self.open for digest in one.files}
        self.met: dict[str, Tombstone] = {}

    def source(self, name: str) -> Tombstone | None:
        """Return the tombstone of a source."""
        return self._met(self._names[TombstoneKind.source].get(hashed(name)))

    def file(self, digest: str) -> Tombstone | None:
        """Return the tombstone of a file by the digest of its content, whatever its source."""
        return self._met(self._files.get(digest))

    def row(self, run_id: str, item_id: str) -> Tombstone | None:
        """Return the tombstone of a row by its run or its item."""
        if not self.open:
            return None
        runs, items = self._names[TombstoneKind.run], self._names[TombstoneKind.item]
        found = runs.get(hashed(run_id)) if runs else None
        return self._met(found or (items.get(hashed(item_id)) if items else None))

    def _met(self, one: Tombstone | None) -> Tombstone | None:
        if one is not None:
            self.met[one.key] = one
        return None if self._allowed else one


def hashed(name: str) -> str:
    """Return the hash that stands for a name."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def fresh(
    kind: TombstoneKind,
    name: str,
    why: str,
    counts: Mapping[str, int],
    ids: str,
    files: Sequence[str],
) -> Tombstone:
    """Return a new tombstone, dated now."""
    return Tombstone(
        key=_PREFIX + uuid.uuid4().hex,
        kind=kind.value,
        name=name if kind is TombstoneKind.source else "",
        sha256=hashed(name),
        why=why,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        counts=dict(counts),
        ids_sha256=ids,
        files=sorted(set(files)),
    )


def write(connection: psycopg.Connection, one: Tombstone) -> None:
    """Write a tombstone into the schema of the search path, or write it anew."""
    facts = asdict(one)
    row = {"key": facts.pop("key"), "value": rows.jsonb(facts), "updated_by": "forge forget"}
    ending = "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()"
    rows.insert(connection, "skill_settings", row, ending)


def read(connection: psycopg.Connection) -> list[Tombstone]:
    """Return the tombstones of every skill, oldest first."""
    found = []
    for (schema,) in connection.execute(_SCHEMAS).fetchall():
        query = sql.SQL("SELECT key, value FROM {} WHERE key LIKE {}").format(
            sql.Identifier(schema, "skill_settings"), sql.Literal(_PREFIX + "%")
        )
        found += [Tombstone(key, **restored(value)) for key, value in connection.execute(query)]
    return sorted(found, key=lambda one: (one.when, one.key))


def lift(connection: psycopg.Connection, ones: Iterable[Tombstone], source: str, why: str) -> None:
    """Write into tombstones that a source was taken in again, and why."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    for (schema,) in connection.execute(_SCHEMAS).fetchall():
        for one in ones:
            query = sql.SQL(
                "UPDATE {} SET value = jsonb_set(value, '{{lifted}}',"
                " coalesce(value -> 'lifted', '{{}}') || %s) WHERE key = %s"
            ).format(sql.Identifier(schema, "skill_settings"))
            connection.execute(query, [rows.jsonb({source: {"when": when, "why": why}}), one.key])
