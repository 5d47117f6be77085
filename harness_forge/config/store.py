"""Settings of the store: where PostgreSQL is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoreConfig:
    """Where records live.

    Args:
        url: a PostgreSQL server, such as postgresql://user@host/name.
            None starts the embedded one under `forge_home`.
    """

    url: str | None = None
