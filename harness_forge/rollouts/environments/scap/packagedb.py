"""Write the package database of a disposable root.

Two formats: the RPM database as librpm 4.16 and later reads it (SQLite), and
dpkg's status file. Its packages are names and versions; nothing is installed.
Content queries the database before it judges or fixes anything. It is written
here because no distribution package writes a foreign database for an ordinary
user.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path

_STRING, _STRING_ARRAY, _I18N, _INT32 = 6, 8, 9, 4
_INSTALLED = 1_640_995_200  # 2022-01-01, in seconds

# The index tables that librpm expects, each with the type of its key.
_INDEXES = {
    "Name": "TEXT",
    "Basenames": "TEXT",
    "Group": "TEXT",
    "Requirename": "TEXT",
    "Providename": "TEXT",
    "Conflictname": "TEXT",
    "Obsoletename": "TEXT",
    "Triggername": "TEXT",
    "Dirnames": "TEXT",
    "Installtid": "BLOB",
    "Sigmd5": "BLOB",
    "Sha1header": "TEXT",
    "Filetriggername": "TEXT",
    "Transfiletriggername": "TEXT",
    "Recommendname": "TEXT",
    "Suggestname": "TEXT",
    "Supplementname": "TEXT",
    "Enhancename": "TEXT",
}


def rpm_database(packages: Mapping[str, str]) -> bytes:
    """Return `rpmdb.sqlite` with one empty package per name.

    Args:
        packages: name -> version-release, such as `9.1-1.el9`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rpmdb.sqlite"
        connection = sqlite3.connect(path)
        try:
            _fill(connection, packages)
        finally:
            connection.close()
        return path.read_bytes()


def dpkg_status(packages: Mapping[str, str]) -> str:
    """Return dpkg's status file with one installed package per name."""
    return "".join(
        f"Package: {name}\nStatus: install ok installed\nPriority: optional\n"
        f"Section: misc\nArchitecture: amd64\nVersion: {version}\n"
        f"Maintainer: nobody <nobody@example.com>\nDescription: {name}\n\n"
        for name, version in sorted(packages.items())
    )


def _fill(connection: sqlite3.Connection, packages: Mapping[str, str]) -> None:
    connection.execute("PRAGMA journal_mode = DELETE")  # WAL cannot be read on a read-only disk
    connection.execute(
        "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
    )
    for table, kind in _INDEXES.items():
        connection.execute(
            f"CREATE TABLE '{table}' (key '{kind}' NOT NULL, hnum INTEGER NOT NULL, "
            "idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))"
        )
        connection.execute(f"CREATE INDEX '{table}_key_idx' ON '{table}'(key ASC)")
    for number, (name, version) in enumerate(sorted(packages.items()), 1):
        header = _header(name, version)
        connection.execute("INSERT INTO Packages VALUES (?, ?)", (number, header))
        connection.execute("INSERT INTO Name VALUES (?, ?, 0)", (name, number))
        connection.execute("INSERT INTO Providename VALUES (?, ?, 0)", (name, number))
    connection.commit()


def _header(name: str, version_release: str) -> bytes:
    """Return one RPM header: counts, an index of sixteen-byte entries, the data."""
    version, _, release = version_release.rpartition("-")
    strings = {
        1000: (_STRING, name),
        1001: (_STRING, version),
        1002: (_STRING, release),
        1004: (_I18N, name),
        1014: (_STRING, "none"),
        1021: (_STRING, "linux"),
        1022: (_STRING, "noarch"),
        1044: (_STRING, f"{name}.src.rpm"),  # without it a package counts as source
        1047: (_STRING_ARRAY, name),
    }
    index, data = b"", b""
    for tag, value in sorted({**strings, 1008: (_INT32, _INSTALLED)}.items()):
        kind, content = value
        if kind == _INT32:
            data += b"\0" * (-len(data) % 4)
        index += struct.pack(">IIII", tag, kind, len(data), 1)
        data += struct.pack(">I", content) if kind == _INT32 else str(content).encode() + b"\0"
    return struct.pack(">II", len(index) // 16, len(data)) + index + data
