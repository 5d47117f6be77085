"""Kinds of files that hold no JSON text, recognised by their first bytes, and what to do with each.

A file of such a kind would otherwise be read as one broken line, and what is
wrong with it would not be said.
"""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness_forge.core.chat.roles import role_of
from harness_forge.core.errors import SourceError

PARQUET = b"PAR1"
LONGEST = 4096
"""Bytes of a file's start that are looked at."""

_TAR_AT = 257
_UNZIP = "unpack it (unzip {file} -d unpacked) and give the files in it"
_UNTAR = "unpack it (tar -xf {file}) and give the files in it"
_AS_LINES = "write its records as JSON lines, an object each"
_RIGHT = "it holds no records; is it the right file?"
_PSQL = "psql -At loaded -c 'SELECT row_to_json(t) FROM {table} t' > records.jsonl"
_KINDS = {
    b"PARE": ("an encrypted Parquet file", "write it unencrypted, or as JSON lines"),
    b"PK\x03\x04": ("a zip archive", _UNZIP),
    b"PK\x05\x06": ("an empty zip archive", "is it the right file?"),
    b"\xfd7zXZ\x00": ("packed with xz", "unpack it: xz -dk {file}"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it and give the files in it"),
    b"Rar!\x1a\x07": ("a rar archive", "unpack it and give the files in it"),
    b"\x04\x22\x4d\x18": ("packed with lz4", "unpack it: lz4 -dk {file}"),
    b"SQLite format 3\x00": (
        "a SQLite database",
        "write a table as JSON lines: sqlite3 -json {file} 'SELECT * FROM …' > records.json",
    ),
    b"PGDMP": (
        "a PostgreSQL archive",
        "load it and write a table as JSON lines: createdb loaded && pg_restore -d loaded {file}"
        " && " + _PSQL.replace("{table}", "…"),
    ),
    b"ARROW1": ("an Arrow file", "write it as Parquet or as JSON lines"),
    b"\xff\xff\xff\xff": ("an Arrow stream", "write it as Parquet or as JSON lines"),
    b"Obj\x01": ("an Avro file", _AS_LINES),
    b"ORC": ("an ORC file", "write it as Parquet or as JSON lines"),
    b"\x89HDF": ("an HDF5 file", _AS_LINES),
    b"\x93NUMPY": ("a NumPy array", _AS_LINES),
    b"%PDF": ("a PDF", _RIGHT),
    b"\x89PNG": ("a PNG picture", _RIGHT),
    b"\xff\xd8\xff": ("a JPEG picture", _RIGHT),
    b"GIF8": ("a GIF picture", _RIGHT),
    b"\x7fELF": ("a program", _RIGHT),
}
_PICKLE = "a pickle runs code when it is loaded, so forge loads none: write JSON lines"
_CSV = (
    'write it as JSON lines: python3 -c "import csv,json,sys; [print(json.dumps(row)) for row in'
    ' csv.DictReader(sys.stdin{dialect})]" < {file} > records.jsonl'
)
_SQL = re.compile(
    rb"(?:pragma\s|begin(?:\stransaction)?\s*;|set\s+[\w.@]+\s*(?:=|to\s)|insert\s+into\s"
    rb"|create\s+(?:table|database|schema|sequence|type|extension|index|unique)\b"
    rb"|copy\s[^\n]+\sfrom\s+stdin|drop\s+(?:table|database|schema)\b|lock\s+tables\s|use\s+`"
    rb"|select\s+pg_catalog\.|\\(?:restrict|connect)\b)",
    re.IGNORECASE,
)
"""What a dump's first statement begins with."""
_SQL_COMMENTS = re.compile(rb"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/;?)*", re.DOTALL)
_TABLE = re.compile(
    rb"\b(?:create\s+table(?:\s+if\s+not\s+exists)?|insert\s+into|copy)\s+[\"`]?([\w.]+)",
    re.IGNORECASE,
)
_DUMPS = (
    (
        re.compile(rb"PostgreSQL database|\bpg_catalog\b|\bFROM stdin;|^\\restrict", re.MULTILINE),
        " of PostgreSQL",
        "createdb loaded && psql -q loaded -f {file} && " + _PSQL,
    ),
    (
        re.compile(rb"MySQL dump|MariaDB dump|ENGINE=|^LOCK TABLES", re.MULTILINE),
        " of MySQL",
        "mysql loaded < {file}, then SELECT JSON_OBJECT('COLUMN', COLUMN, …) FROM {table}, a row a"
        " line",
    ),
    (
        re.compile(rb""),  # SQLite's own says nothing of itself
        "",
        "sqlite3 loaded.db < {file} && sqlite3 -json loaded.db 'SELECT * FROM {table}' >"
        " records.json",
    ),
)
_SSE = (
    'it holds an answer and not what was asked: write a record a line, {{"request": …,'
    ' "response": the stream as one text}}'
)


def demand_records(path: Path, start: bytes) -> None:
    """Check that a file may hold records: as JSON text, or in Parquet.

    Args:
        start: its first bytes, unpacked and as UTF-8.

    Raises:
        SourceError: they show that it is something else; it says what, and what to do.
    """
    found = _kind(start, path)
    if found:
        what, remedy = found
        raise SourceError(str(path), f"is {what}", remedy.format(file=shlex.quote(path.name)))


def _kind(start: bytes, path: Path) -> tuple[str, str] | None:
    if start.startswith(PARQUET):
        return None
    if start.startswith(b"PK\x03\x04") and path.suffix == ".eval":
        return "an Inspect log", "source=inspect reads it"
    for mark, found in _KINDS.items():
        if start.startswith(mark):
            return found
    if start[:3] == b"BZh" and start[4:10] == b"1AY&SY":
        return "packed with bzip2", "unpack it: bzip2 -dk {file}"
    if start[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return "a tar archive", _UNTAR
    if start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "a Python pickle", _PICKLE
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"", b"{", b"["):
        return None
    if _is_binary(start):
        return "no text, and of no kind that is known here", _AS_LINES
    if text.startswith((b"data:", b"event:")):
        return "a stream of server-sent events", _SSE
    return _dump(text) or _table(text, path)


def _dump(text: bytes) -> tuple[str, str] | None:
    """Return that it is a dump of a database, if its first statement is SQL."""
    if not _SQL.match(text, _SQL_COMMENTS.match(text).end()):
        return None
    of, how = next((of, how) for mark, of, how in _DUMPS if mark.search(text))
    named = _TABLE.search(text)
    table = named[1].decode("utf-8", "replace") if named else "…"
    how = how.replace("{table}", table)
    return f"an SQL dump{of}", f"load it into a database and write a table as JSON lines: {how}"


def _is_binary(start: bytes) -> bool:
    """Return whether a tenth of the bytes, or more, occur in no text."""
    text = start.decode("utf-8", "surrogateescape")
    strange = sum(one < " " and one not in "\t\n\r\f\x1b\x1e" for one in text)
    strange += sum("\udc80" <= one <= "\udcff" for one in text)
    return strange * 10 > len(text)


def _table(text: bytes, path: Path) -> tuple[str, str] | None:
    """Return that it is a table of text, if its first lines have the same number of cells."""
    lines = text.decode("utf-8", "replace").splitlines()
    if any(line.lstrip()[:1] in ("{", "[") for line in lines):
        return None  # records behind a line that is broken
    lines = lines[:-1] if len(text) >= LONGEST - 3 and len(lines) > 1 else lines
    named = path.name.lower().partition(".")[2].split(".")
    for delimiter, suffix in ((",", "csv"), ("\t", "tsv"), (";", "csv")):
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row][:5]
        widths = {len(row) for row in rows}
        alike = len(rows) > 1 and len(widths) == 1 and min(widths) > 1
        if alike or (suffix in named and rows and len(rows[0]) > 1):
            dialect = "" if delimiter == "," else f", delimiter={delimiter!r}"
            remedy = _CSV.replace("{dialect}", dialect)
            if turns := numbered_turns(rows[0]):
                remedy += f"; {in_columns(turns)}"
            return f"a table ({suffix.upper()})", remedy
    return None


_TURN = re.compile(r"([A-Za-z]+)[ _.-]?(\d+)")


def numbered_turns(names: Iterable[str]) -> list[str]:
    """Return the fields that hold a turn each, such as user_1 and assistant_1; [] for none."""
    found = [(name, match[1]) for name in names if (match := _TURN.fullmatch(name))]
    roles = {role_of(word) for _, word in found}
    return [name for name, word in found if role_of(word)] if {"user", "assistant"} <= roles else []


def in_columns(turns: Sequence[str]) -> str:
    """Return what to do with turns that are in fields of their own."""
    return (
        f'its turns are in fields of their own ({", ".join(turns[:4])}): docs/sources.md, "Turns in'
        ' columns", has a script that makes one list of them'
    )
