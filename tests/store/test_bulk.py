"""The binary form writes what the textual one writes, and no number that is another."""

from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from harness_forge.store.bulk import BulkWriter
from harness_forge.store.connections import connect
from harness_forge.store.rows import json_as_is, jsonb

TEXTS = ["", "é 漢 \U0001d11e", "a\tb\nc\\d\\N", "\\N", "\x00", "\ud800", "␛", '{"a": "\\u0041"}']
NUMBERS = [0, -(2**31), 2**31 - 1, None]


@pytest.fixture
def connection(stig, store):
    with closing(connect(store.url, autocommit=True)) as connection:
        connection.execute("SET search_path = stig")
        connection.execute(
            "CREATE TEMP TABLE odd (word text, exact json, sorted jsonb, number integer,"
            " long bigint, part double precision, flag boolean, at timestamptz)"
        )
        yield connection


def odd_rows():
    for place, text in enumerate(TEXTS):
        yield {
            "word": text,
            "exact": json_as_is({"b": text, "a": [1e16, text, 2**70]}),
            "sorted": jsonb({text: None, "z": 1.10}) if place else None,
            "number": NUMBERS[place % len(NUMBERS)],
            "long": 2**40 + place,
            "part": place / 7,
            "flag": place % 2 == 0,
            "at": datetime(2026, 1, 1, 2, 3, 4, 567891, UTC) if place % 3 else None,
        }


def held(connection):
    found = connection.execute("SELECT odd::text FROM odd").fetchall()
    connection.execute("TRUNCATE odd")
    return found


def test_every_way_writes_the_same_rows(connection):
    writer = BulkWriter(connection)
    assert writer.copy("odd", odd_rows()) == len(TEXTS)
    textual = held(connection)
    assert writer.copy_binary("odd", odd_rows()) == len(TEXTS)
    assert held(connection) == textual
    writer.insert("odd", list(odd_rows()))
    assert held(connection) == textual


def test_a_number_too_long_for_its_column_is_refused(connection):
    with pytest.raises(psycopg.DataError, match="2147483648 is out of range for type integer"):
        BulkWriter(connection).copy_binary("odd", [{"number": 2**31}])
    assert held(connection) == []


def test_no_rows_are_none(connection):
    writer = BulkWriter(connection)
    writer.insert("odd", [])
    assert writer.copy("odd", []) == writer.copy_binary("odd", []) == 0
