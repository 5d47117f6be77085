"""Read the disposable root from outside: its entries, and which of them differ.

Takes the snapshot that the guard compares with. Every process of the sandbox
is dead by then. No link is followed, no device opened, and only the start of a
file is read: a sparse file costs nothing to make and hours to read.
"""

from __future__ import annotations

import hashlib
import os
import stat

_START = 256 * 1024
_TEXTS = 4 * 1024 * 1024

Entry = tuple[str, int, int, int, str]
"""Kind, mode, uid, gid, and content: size and digest, or a link's target."""


def snapshot(root: str) -> dict[str, Entry]:
    """Return `root` itself and every entry below it by its path."""
    found: dict[str, Entry] = {"/": _entry(root, "/")}
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            names = sorted(os.listdir(f"{root}/{folder}"))  # noqa: PTH208
        except OSError:
            continue  # its path would be too long
        for name in names:
            path = f"{folder}/{name}"
            try:
                found[path] = _entry(root, path)
            except OSError:
                continue
            if found[path][0] == "dir":
                waiting.append(path)
    return found


def differences(root: str, before: dict[str, Entry]) -> dict[str, dict | None]:
    """Return the entries that changed, deleted ones as None.

    Texts are included up to a total size: those of old files before new ones.
    """
    now = snapshot(root)
    changed: dict[str, dict | None] = {path: None for path in before if path not in now}
    different = [path for path, entry in now.items() if before.get(path) != entry]
    different.sort(key=lambda path: path not in before)
    return changed | described(root, {path: now[path] for path in different})


def described(root: str, entries: dict[str, Entry]) -> dict[str, dict]:
    """Return `entries` with named fields, and the text of files."""
    left, found = _TEXTS, {}
    for path, (kind, mode, uid, gid, content) in entries.items():
        found[path] = {"kind": kind, "mode": mode, "uid": uid, "gid": gid, "content": content}
        if kind == "file":
            data = _start(root + path) if left > 0 else b""
            left -= len(data)
            found[path]["bytes"] = int(content.partition(" ")[0])
            found[path]["text"] = data.decode(errors="replace")
    return found


def _entry(root: str, path: str) -> Entry:
    info = os.lstat(root + path)
    kind, content = "other", ""
    if stat.S_ISDIR(info.st_mode):
        kind = "dir"
    elif stat.S_ISLNK(info.st_mode):
        kind, content = "link", os.readlink(root + path)  # noqa: PTH115
    elif stat.S_ISREG(info.st_mode):
        digest = hashlib.sha256(_start(root + path)).hexdigest()
        kind, content = "file", f"{info.st_size} {digest}"
    return kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, content


def _start(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:  # noqa: PTH123
        return file.read(_START)
