"""A source read to its end, and nothing written: what would come in, and how it was understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness_forge.collect.ingest.files import take_file
from harness_forge.collect.ingest.request import FileReport, IngestReport
from harness_forge.collect.ingest.unmatched import unmatched
from harness_forge.collect.sources import files
from harness_forge.collect.sources.idle_keys import demand_no_idle_keys
from harness_forge.config.source import DATABASES, SourceConfig
from harness_forge.core.errors import SourceError
from harness_forge.core.garbage import seldom_collected
from harness_forge.store.entries import AttemptEntry
from harness_forge.store.intake import demand_storable

SHOWN = 3
"""Attempts that are kept, to be looked at."""


@dataclass
class DryRun:
    """What a source would come to.

    Args:
        report: as an ingestion's, of the whole source.
        first: the first attempts, with their items.
    """

    report: IngestReport
    first: list[AttemptEntry] = field(default_factory=list)


def dry_run(
    config: SourceConfig,
    skill: str,
    progress: Callable[[str, int], None] = lambda source, found: None,
    first: list[AttemptEntry] | None = None,
) -> DryRun:
    """Read what `config.path` names as an ingestion would, without a store.

    What the store holds already is not known here, so all of it counts as new.

    Args:
        first: is filled with the first attempts, also where the source is refused later.

    Raises:
        ConfigError: as `ingest`.
        SourceError: as `ingest`; or the source is a database.
    """
    if config.kind in DATABASES:
        raise SourceError("source", "a database is not read on trial", "leave --dry-run out")
    if not config.path:
        raise SourceError("source.path", "must be set", "forge ingest source=… path=…")
    demand_no_idle_keys(config)
    found = DryRun(IngestReport(skill), [] if first is None else first)
    found.report.passed_over = files.passed_over(Path(config.path), config.files)
    with seldom_collected():
        paths = files.found(Path(config.path), config.files)
        for path in paths:
            intake = _DiscardingIntake(found.first)
            report = FileReport(str(path))
            take_file(intake, config, path, report, progress)
            found.report.files.append(report)
        found.report.hint = unmatched(config, paths, found.report)
    return found


class _DiscardingIntake:
    """Takes what an intake takes, keeps the first attempts and forgets the rest."""

    def __init__(self, first: list[AttemptEntry]) -> None:
        self.state: dict[str, Any] = {}
        self._first = first

    check = staticmethod(demand_storable)

    def open_run(self, run_id: str, row: dict[str, Any]) -> str:
        return run_id

    def add_facts(self, *_: Any) -> None:
        pass

    def write(self, entries: Sequence[AttemptEntry], state: Any, events: Any = ()) -> None:
        self._first += entries[: SHOWN - len(self._first)]

    def finish(self, state: Any, status: str) -> None:
        pass
