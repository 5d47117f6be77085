"""Entries of a session that is a tree: each names the one above it."""

from __future__ import annotations

from collections.abc import Mapping


def root_down(name: str | None, above: Mapping[str, str | None]) -> list[str] | None:
    """Return the entries from the root down to `name`; None where one is missing or met twice.

    Args:
        above: entry to the one above it, which of a root is None.
    """
    path: list[str] = []
    seen: set[str] = set()
    while name is not None:
        if name not in above or name in seen:
            return None
        seen.add(name)
        path.append(name)
        name = above[name]
    return path[::-1]
