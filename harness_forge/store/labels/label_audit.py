"""The label audit of a config's skills: opens the store, audits each skill, clears and lists flags.

Flags change which rows an export keeps, and so the watermark: run an audit
after the attempts and before taking the watermark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.store.labels.flags import Flag, count_flags, list_flags
from harness_forge.store.labels.skill_audit import (
    LabelAudit,
    audit_labels,
    chosen,
    clear_flags,
    count_awaiting,
    count_unaudited,
)
from harness_forge.store.opening import existing_store

if TYPE_CHECKING:
    import psycopg

    from harness_forge.store.database import Store


def audit(config: ForgeConfig, *, dry_run: bool = False) -> dict[str, LabelAudit]:
    """Audit every skill of `config`, write the flags, and return the audit of each skill.

    Args:
        dry_run: only search; the store is not changed.

    Raises:
        ConfigError: a named check does not exist.
        StoreError: the store failed; its flags are unchanged.
    """
    chosen(config.labels)  # report a wrong name before opening anything
    with _opened(config) as (store, skills):
        return {skill: audit_skill(store, skill, config, dry_run=dry_run) for skill in skills}


def audit_skill(
    store: Store, skill: str, config: ForgeConfig, *, dry_run: bool = False
) -> LabelAudit:
    """Audit one skill of an open store, in one transaction."""
    with _transaction(store, skill, keep=not dry_run) as connection:
        return audit_labels(connection, config.labels)


def clear(config: ForgeConfig, reasons: Sequence[str] = ()) -> dict[str, dict[str, int]]:
    """Remove flags, all or those with one of `reasons`; return counts by skill and reason."""
    with _opened(config) as (store, skills):
        cleared = {}
        for skill in skills:
            with _transaction(store, skill) as connection:
                cleared[skill] = clear_flags(connection, reasons)
        return cleared


def listed(
    config: ForgeConfig, reasons: Sequence[str] = (), limit: int = 20
) -> dict[str, tuple[list[tuple[str, str, str, int]], list[Flag], int]]:
    """Return for each skill: counts of flags, some flags in full, and the unaudited attempts."""
    from harness_forge.store.escaping import restored

    with _opened(config) as (store, skills):
        result = {}
        for skill in skills:
            with store.skill(skill).connect_read_only() as connection:
                flags = list_flags(connection, reasons, limit)
                result[skill] = (
                    count_flags(connection, reasons),
                    [replace(flag, evidence=restored(flag.evidence)) for flag in flags],
                    count_unaudited(connection),
                )
        return result


def awaiting(config: ForgeConfig) -> tuple[int, int]:
    """Return how many judged attempts of the skill are unaudited, and how many checks apply."""
    with _opened(config) as (store, [skill]), store.skill(skill).connect_read_only() as connection:
        return count_awaiting(connection, config.labels)


@contextmanager
def _opened(config: ForgeConfig) -> Iterator[tuple[Store, list[str]]]:
    """Upgrade the skills' schemas; yield the store and the names of the skills."""
    skills = [one.skill.name for one in skills_of(config)]
    with existing_store(config) as store:
        for skill in skills:
            store.upgrade(skill)
        yield store, skills


@contextmanager
def _transaction(store: Store, skill: str, keep: bool = True) -> Iterator[psycopg.Connection]:
    """Yield a connection to a skill's schema, in a transaction.

    Args:
        keep: commit at the end; otherwise roll back.

    Raises:
        StoreError: the server failed.
    """
    from harness_forge.store.faults import translate_errors
    from harness_forge.store.run_lock import search_path

    with (
        translate_errors(store.url),
        store.engine.connect() as connection,
        connection.begin() as transaction,
    ):
        driver = connection.connection.driver_connection
        driver.execute(search_path(skill))
        yield driver
        if not keep:
            transaction.rollback()
