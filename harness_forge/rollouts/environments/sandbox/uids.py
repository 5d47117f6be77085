"""Which user a sandbox is outside: never uid 0."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Any

from harness_forge.core.errors import SandboxError

HIGH_UID = 0x70000000
"""First of the uids that systemd's table of uid ranges leaves unused."""

_MAP_SIZE = 65536
_NOBODY = 65534


def uid_map(single: bool = False) -> dict[str, Any]:
    """Return the map of uids that this user can have here.

    For root, a range that no one uses, without uid 0. For an ordinary user, the
    user's own uid and the ranges in /etc/subuid, if any.

    Args:
        single: one uid, whatever the machine offers.

    Raises:
        SandboxError: root has no other uid to drop to.
    """
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        if not single and _mapped(HIGH_UID, _MAP_SIZE):
            return {"kind": "root", "first": HIGH_UID, "count": _MAP_SIZE}
        if not _mapped(_NOBODY, 1):
            raise SandboxError(
                "",
                f"root can drop to no other uid here: {_NOBODY} is not mapped",
                "run forge as an ordinary user",
            )
        return {"kind": "single", "first": _NOBODY, "count": 1}
    tools = {name: shutil.which(name) for name in ("newuidmap", "newgidmap")}
    uids, gids = _sub_range("/etc/subuid"), _sub_range("/etc/subgid")
    if not single and all(tools.values()) and uids and gids:
        return {"kind": "subuid", "uids": uids, "gids": gids, "tools": tools}
    return {"kind": "single", "first": uid, "first_gid": gid, "count": 1}


def _mapped(wanted: int, length: int) -> bool:
    """Return whether this process' namespace has these uids."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= wanted and first + count >= wanted + length:
            return True
    return False


def _sub_range(path: str) -> list[int] | None:
    """Return first and count of the caller's range, at most 65535 long."""
    try:
        names = (str(os.getuid()), pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        names = (str(os.getuid()),)
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, numbers = line.partition(":")
        first, _, count = numbers.partition(":")
        if name in names and first.isdigit() and count.isdigit() and int(count) >= 1000:
            return [int(first), min(int(count), _MAP_SIZE - 1)]
    return None
