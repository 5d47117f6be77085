"""Writes many rows of a table at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Json, Jsonb

from harness_forge.store import rows
from harness_forge.store.escaping import escape

_TYPES = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""
_JSON = ("json", "jsonb")
_FIRST_OF_JSONB = "\x01"
"""What precedes the text of a jsonb value in PostgreSQL's binary form: its version."""


class BulkWriter:
    """Writes many rows of a table at once.

    Args:
        connection: its search path is the skill's schema.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._types = cache(self._asked_types)

    def copy(self, table: str, lines: Iterable[rows.Row]) -> int:
        """Write rows of the same columns and return how many."""
        return self._copy(table, lines, rows.bound)

    def copy_binary(self, table: str, lines: Iterable[rows.Row]) -> int:
        """Write as `copy` does, in the binary form: neither side escapes what texts hold.

        Args:
            lines: of texts, JSON values, numbers and times alone.
        """
        return self._copy(table, lines, _binary, binary=True)

    def insert(self, table: str, lines: Sequence[rows.Row]) -> None:
        """Write rows of the same columns in one statement; existing rows are left unchanged.

        Args:
            lines: of texts, JSON values, numbers and times alone.
        """
        if not lines:
            return
        types = self._types(table)
        columns = list(lines[0])
        # Of a list of JSON values psycopg would dump each by itself.
        places = [
            sql.SQL(f"%s::{'text[]::' if types[name] in _JSON else ''}{types[name]}[]")
            for name in columns
        ]
        statement = sql.SQL(
            "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT DO NOTHING"
        ).format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(places),
        )
        self._connection.execute(
            statement, [[_plain(line[name]) for line in lines] for name in columns]
        )

    def _copy(self, table: str, lines: Iterable[rows.Row], bound: Any, binary: bool = False) -> int:
        lines = iter(lines)
        first = next(lines, None)
        if first is None:
            return 0
        statement = sql.SQL("COPY {} ({}) FROM STDIN {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, first)),
            sql.SQL("(FORMAT BINARY)" if binary else ""),
        )
        types = self._types(table) if binary else {}
        integers = [at for at, name in enumerate(first) if types.get(name) == "integer"]
        count = 0
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            if binary:
                # The binary form of a JSON value is its text.
                named = (types[name] for name in first)
                copy.set_types(["text" if one in _JSON else one for one in named])
            for line in chain([first], lines):
                values = [bound(value) for value in line.values()]
                for at in integers:
                    _demand_integer(values[at])
                copy.write_row(values)
                count += 1
        return count

    def _asked_types(self, table: str) -> dict[str, str]:
        """Return the type of each column."""
        return dict(self._connection.execute(_TYPES, [table]).fetchall())


def _binary(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Jsonb):
        return _FIRST_OF_JSONB + value.obj
    return value.obj if isinstance(value, Json) else value


def _demand_integer(value: int | None) -> None:
    # In the binary form psycopg would write the last 32 bits of a longer number.
    if value is not None and not -(2**31) <= value < 2**31:
        raise psycopg.DataError(f"{value} is out of range for type integer")


def _plain(value: Any) -> Any:
    return value.obj if isinstance(value, Json | Jsonb) else rows.bound(value)
