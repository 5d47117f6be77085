"""Open the store that a config names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness_forge.config.schema import ForgeConfig, one_skill


def has_store(config: ForgeConfig) -> bool:
    """Return whether there is a store to open: a server's, or an embedded one that was made."""
    return bool(config.store.url) or (Path(config.forge_home) / "pg").is_dir()


@contextmanager
def opened_store(config: ForgeConfig) -> Iterator:
    """Yield the store; it is closed afterwards."""
    from harness_forge.store.database import open_store

    store = open_store(config.store.url, Path(config.forge_home))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_skill(config: ForgeConfig) -> Iterator:
    """Yield the skill's part of the store, with its schema up to date.

    Raises:
        ConfigError: the config has several skills.
    """
    one_skill(config)
    with opened_store(config) as store:
        store.upgrade(config.skill.name)
        yield store.skill(config.skill.name)
