"""Audits the labels of the store that a config names: joins store and labels.

Flags change what an export keeps, and with it the watermark: an audit belongs
after the attempts and before the watermark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from harness_forge.config.schema import ForgeConfig, skills_of
from harness_forge.store.labels import audit as audit_module
from harness_forge.store.labels import flags as flags_module
from harness_forge.store.labels.audit import Audit, chosen, unaudited
from harness_forge.store.labels.flags import Flag, counted
from harness_forge.store.opening import opened_store

if TYPE_CHECKING:
    import psycopg

    from harness_forge.store.database import Store


def audit(config: ForgeConfig, *, dry_run: bool = False) -> dict[str, Audit]:
    """Audit every skill of `config`, write the flags, and return what was found by skill.

    Args:
        dry_run: find only; the store stays as it is.

    Raises:
        ConfigError: a check is named that does not exist.
        StoreError: the store failed; its flags are those of before.
    """
    chosen(config.labels)  # a wrong name is told before anything is opened
    with _opened(config) as (store, skills):
        return {skill: audit_skill(store, skill, config, dry_run=dry_run) for skill in skills}


def audit_skill(store: Store, skill: str, config: ForgeConfig, *, dry_run: bool = False) -> Audit:
    """Audit one skill of an open store, in one transaction."""
    with _transaction(store, skill, keep=not dry_run) as connection:
        return audit_module.audit(connection, config.labels)


def clear(config: ForgeConfig, reasons: Sequence[str] = ()) -> dict[str, dict[str, int]]:
    """Take flags back, all or some; return how many of each reason, by skill."""
    with _opened(config) as (store, skills):
        cleared = {}
        for skill in skills:
            with _transaction(store, skill) as connection:
                cleared[skill] = audit_module.clear(connection, reasons)
        return cleared


def listed(
    config: ForgeConfig, reasons: Sequence[str] = (), limit: int = 20
) -> dict[str, tuple[list[tuple[str, str, str, int]], list[Flag], int]]:
    """Return by skill: flags counted, some of them whole, and attempts never audited."""
    from harness_forge.store.escaping import restored

    with _opened(config) as (store, skills):
        told = {}
        for skill in skills:
            with store.skill(skill).connect_read_only() as connection:
                flags = flags_module.listed(connection, reasons, limit)
                told[skill] = (
                    counted(connection, reasons),
                    [replace(flag, evidence=restored(flag.evidence)) for flag in flags],
                    unaudited(connection),
                )
        return told


def awaiting(config: ForgeConfig) -> tuple[int, int]:
    """Return how many judged attempts of a skill no audit has seen, and how many checks apply."""
    with _opened(config) as (store, [skill]), store.skill(skill).connect_read_only() as connection:
        return audit_module.awaiting(connection, config.labels)


@contextmanager
def _opened(config: ForgeConfig) -> Iterator[tuple[Store, list[str]]]:
    """Yield the store and the names of the skills, their schemas brought up to date."""
    skills = [one.skill.name for one in skills_of(config)]
    with opened_store(config) as store:
        for skill in skills:
            store.upgrade(skill)
        yield store, skills


@contextmanager
def _transaction(store: Store, skill: str, keep: bool = True) -> Iterator[psycopg.Connection]:
    """Yield a connection to a skill's schema; what is written is kept where nothing fails.

    Raises:
        StoreError: the server failed.
    """
    from harness_forge.store.faults import told
    from harness_forge.store.run_lock import search_path

    with told(store.url), store.engine.connect() as connection, connection.begin() as transaction:
        driver = connection.connection.driver_connection
        driver.execute(search_path(skill))
        yield driver
        if not keep:
            transaction.rollback()
