"""The key of the pseudonyms: made on first use, readable by its owner only.

Without it a pseudonym of an address could be undone by trying all four billion.
It stays in the forge home and is in no dataset, manifest or message.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from harness_forge.core.errors import ExportError

FILE = "redaction.key"
SIZE = 32
"""Bytes of the key, the most that BLAKE2b's 256-bit use needs."""


def load_key(home: Path) -> bytes:
    """Return the key of a forge home; two processes that make it at once get the same one.

    Raises:
        ExportError: others may read it, or it is no key.
        OSError: it can be neither read nor made.
    """
    path = home / FILE
    if not path.exists():
        _make(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ExportError(
            str(path), "others may read the key of the pseudonyms", f"chmod 600 {path}"
        )
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != SIZE:
        raise ExportError(
            str(path),
            "is not a key of pseudonyms",
            "put back the file you had, or delete it: a new key gives other pseudonyms",
        )
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SIZE) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link does not replace: the second process takes the first one's key.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
