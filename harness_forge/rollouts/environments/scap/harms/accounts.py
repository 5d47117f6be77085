"""Accounts: who exists, with which shell and password, and who is in powerful groups."""

from __future__ import annotations

from collections.abc import Iterable

_POWERFUL = frozenset(
    ("root", "wheel", "sudo", "admin", "adm", "shadow", "disk", "kmem", "docker", "lxd", "systemd")
)
_PASSWORD = 1
_HASH, _EXPIRES = 1, 7
_HOME, _SHELL = 5, 6


def passwd(before: str, now: str) -> Iterable[str]:
    """Yield accounts that are new, or have another home, shell or password."""
    old = _rows(before, 7)
    for name, row in _rows(now, 7).items():
        if name not in old:
            yield f"account({name})"
            continue
        if row[_PASSWORD] != old[name][_PASSWORD] and row[_PASSWORD] != "x":
            yield f"password({name})"  # read before the one in the shadow file
        if row[_SHELL] != old[name][_SHELL]:
            yield f"shell({name})"
        if row[_HOME] != old[name][_HOME]:
            yield f"home({name})"


def shadow(before: str, now: str) -> Iterable[str]:
    """Yield accounts with a changed or missing password, and accounts that expire now."""
    old = _rows(before, 9)
    for name, row in _rows(now, 9).items():
        if name not in old:
            yield f"account({name})"
            continue
        if row[_HASH] != old[name][_HASH]:
            yield f"password({name})"
        if row[_EXPIRES] and not old[name][_EXPIRES]:
            yield f"expired({name})"


def group(before: str, now: str) -> Iterable[str]:
    """Yield powerful groups with new members, and new groups of gid 0."""
    old = _rows(before, 4)
    for name, row in _rows(now, 4).items():
        members = set(row[3].split(",")) - {""}
        had = set(old[name][3].split(",")) if name in old else set()
        if name in _POWERFUL and members - had:
            yield f"member({name})"
        if name not in old and row[2] == "0":
            yield f"account({name})"


def _rows(text: str, fields: int) -> dict[str, list[str]]:
    rows = (line.split(":") for line in text.splitlines() if line.strip())
    return {row[0]: row for row in rows if len(row) == fields}
