"""Chooses the folder of the embedded server's Unix socket: its data, or a short path."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from harness_forge.core.errors import StoreError
from harness_forge.store.postgres_programs import Account

_SUN_PATH = 107  # bytes a Unix socket's path may have
_PLAIN_PATH = re.compile(r"^[\w./@+-]+$", re.ASCII)  # needs no quoting for postgres


def folder_for(data: Path, account: Account) -> str:
    """Return the folder for the socket of the server of `data`.

    The path of a deeply nested project is too long for a socket; its server gets
    a folder in the temporary folder that only `account` can enter.

    Raises:
        StoreError: no folder is suitable.
    """
    if _fits(data):
        return str(data)
    name = f"forge-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        folder = Path(base, name) if base else None
        if folder is not None and _fits(folder) and _claim(folder, account):
            return str(folder)
    raise StoreError(
        str(data),
        "the path is too long for a Unix socket and no temporary folder will do",
        "set forge_home to a shorter path",
    )


def _fits(folder: Path) -> bool:
    path = str(folder / ".s.PGSQL.5432")
    return len(os.fsencode(path)) <= _SUN_PATH and bool(_PLAIN_PATH.match(path))


def _claim(folder: Path, account: Account) -> bool:
    """Create `folder` for the account only; return False where another user owns it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        held = folder.lstat()
        if folder.is_symlink() or held.st_uid not in (os.geteuid(), account.uid):
            return False
        account.own(folder)
    except OSError:
        return False
    return True
