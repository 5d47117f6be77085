"""Open the store that a config names: one that is there, or a new one, which is then said."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import one_skill
from harness_forge.config.skill import filling_command
from harness_forge.core.errors import StoreError


def has_store(config: ForgeConfig) -> bool:
    """Return whether there is a store to open: a server's, or an embedded one that was made."""
    return bool(config.store.url) or _data(config).is_dir()


def require_store(config: ForgeConfig) -> None:
    """Do nothing where there is a store; reading must not make one in whatever folder it is.

    Raises:
        StoreError: there is none.
    """
    if has_store(config):
        return
    above = _store_above(config)
    new = (
        f"go to your project's folder, or fill a new store here: `{filling_command(config.skill)}`"
    )
    hint = f"cd {above}, which has one" if above else new
    raise StoreError(str(_data(config).resolve()), "there is no store", hint)


@contextmanager
def existing_store(config: ForgeConfig) -> Iterator:
    """Yield the store; it is closed afterwards.

    Raises:
        StoreError: there is none.
    """
    require_store(config)
    with opened_store(config) as store:
        yield store


@contextmanager
def opened_store(config: ForgeConfig) -> Iterator:
    """Yield the store, made where there is none; it is closed afterwards."""
    from harness_forge.store.database import open_store

    announce_store(config)
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


def announce_store(config: ForgeConfig) -> None:
    """Say on standard error where a new store is about to be made, if one is."""
    if has_store(config):
        return
    above = _store_above(config)
    beside = f"; {above} has one already, which commands use that are given there" if above else ""
    print(f"forge: a new store in {_data(config).resolve()}{beside}", file=sys.stderr)


def _data(config: ForgeConfig) -> Path:
    return Path(config.forge_home) / "pg"


def _store_above(config: ForgeConfig) -> Path | None:
    """Return the nearest folder above this one with a store of the same name, if any."""
    if Path(config.forge_home).is_absolute():
        return None
    return next((one for one in Path.cwd().parents if (one / _data(config)).is_dir()), None)
