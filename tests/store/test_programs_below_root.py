"""PostgreSQL's programs where only root can enter, as below /root."""

from __future__ import annotations

import os
import shutil
import stat

import pytest

from harness_forge.store.postgres_programs import account_for, programs


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_a_store_is_made_by_programs_that_only_root_can_reach(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = programs().parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():  # its libraries lie beside it
            shutil.copytree(folder, closed / folder.name, copy_function=_link, symlinks=True)
    initdb = closed / package.name / programs().relative_to(package) / "initdb"
    account = account_for(tmp_path / "none")
    data = tmp_path / "data"
    data.mkdir()
    account.own(data)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    done = account.run([str(initdb), "-D", str(data), "-N"], 120)
    assert done.returncode == 0, done.stdout
    assert (data / "PG_VERSION").is_file()
