"""Outcomes in a second file that fit none of the records: the two name items differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness_forge.collect.ingest.request import IngestReport
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.outcomes_file import OutcomesByItem
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.shaping import records
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.trajectories import item_of, scope_of
from harness_forge.config.source import SourceConfig, SourceKind

_SHOWN = 2


def unmatched(config: SourceConfig, paths: Sequence[Path], report: IngestReport) -> str:
    """Return what to say where no outcome of the second file was used; '' where one was.

    The files are read once more, up to the first item that the outcomes name, and only
    where nothing passed.
    """
    attempts = sum(file.attempts for file in report.files)
    asked = config.outcomes.file and config.kind is SourceKind.trajectories
    if not asked or not attempts or any(file.passed for file in report.files):
        return ""
    told: set[str] = set()
    items: dict[str, None] = {}
    for path in paths:
        judged = OutcomesByItem(config.outcomes, path)
        names = judged.names()
        told |= names
        for item in _items(path, config):
            if item in names:
                return ""
            if len(items) < _SHOWN:
                items[item] = None
    if not told or not items:
        return ""
    mine, theirs = (", ".join(map(repr, sorted(some)[:_SHOWN])) for some in (told, items))
    return (
        f"{Path(config.outcomes.file).name} has outcomes of {mine}, …, and of no item in the"
        f" records ({theirs}, …): source.outcomes.item and source.mapping.item must give the same"
        " name (then with source.again=true)"
    )


def _items(path: Path, config: SourceConfig) -> Iterator[str]:
    templates = Templates(config.mapping, ["item"])
    facts = templates.scope_of(path)
    for value in records(path, config):
        if not isinstance(value, LeftOut):
            try:
                yield item_of(templates, scope_of(value, facts)).item_id
            except Misfit:
                continue
