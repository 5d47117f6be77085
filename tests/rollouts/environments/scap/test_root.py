"""The disposable roots: small, whole, the same every time."""

from __future__ import annotations

import io
import sqlite3
import tarfile
from contextlib import closing

import pytest

from harness_forge.rollouts.environments.scap import root
from harness_forge.rollouts.environments.scap.packagedb import dpkg_status, rpm_database


@pytest.fixture(params=sorted(root.RECIPES))
def disk(request):
    return root.disk(request.param)


def entries(disk):
    with tarfile.open(fileobj=io.BytesIO(disk.archive)) as archive:
        return {f"/{member.name}": member for member in archive}


def test_root_is_small_and_holds_its_package_database(disk):
    assert len(disk.archive) < 1_000_000
    held = entries(disk)
    assert len(held) > 150
    assert any(path.startswith(f"{disk.protected[0]}/") for path in held)


def test_every_folder_comes_before_what_lies_in_it(disk):
    seen = {""}
    for path in entries(disk):
        assert path.rpartition("/")[0] in seen, path
        seen.add(path)


def test_no_entry_is_listed_twice(disk):
    with tarfile.open(fileobj=io.BytesIO(disk.archive)) as archive:
        names = archive.getnames()
    assert len(names) == len(set(names))


def test_digest_is_the_same_every_time(disk):
    again = next(root.disk(name) for name in root.RECIPES if root.disk(name) == disk)
    assert root.digest(disk) == root.digest(again)


def test_rpm_database_has_one_header_a_package(tmp_path):
    file = tmp_path / "db"
    file.write_bytes(rpm_database({"bash": "5.1-1.el9", "sudo": "1.9-2.el9"}))
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(
            "SELECT key, blob FROM Name JOIN Packages USING (hnum)"
        ).fetchall()
    assert [key for key, _ in rows] == ["bash", "sudo"]
    assert b"1.9\0" in rows[1][1]


def test_dpkg_status_says_installed():
    assert "Package: bash\nStatus: install ok installed\n" in dpkg_status({"bash": "5-1"})
