"""The pass over the rows: part by part, each row to its line and into the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from harness_forge.errors import ExportError
from harness_forge.exporters import ExportKind, dpo, reading, sft, statement
from harness_forge.exporters.guard import guards
from harness_forge.exporters.harvest import Fate, Harvest
from harness_forge.exporters.ledger import Ledger
from harness_forge.exporting import manifest, refusals
from harness_forge.exporting.request import Part, Report, Request, Share
from harness_forge.formats import FORMATS
from harness_forge.formats.card import card
from harness_forge.formats.folder import MANIFEST, DatasetFolder
from harness_forge.records import Example, PreferencePair

if TYPE_CHECKING:
    import psycopg

    from harness_forge.exporters.statement import Statement

LEDGER = "ledger.jsonl"
EXPORTERS = {ExportKind.sft: sft.examples, ExportKind.dpo: dpo.pairs}
_TICK = 500
"""Rows between two calls of the progress callback."""


def export(
    parts: Sequence[Part],
    request: Request,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Write one dataset and return what it came to.

    All parts are read at one moment of the store.

    Args:
        parts: whose rows, in the order they are written; of one store.
        request: where to and what for.
        dry_run: count, and write nothing.
        progress: called now and then with the rows read so far.

    Raises:
        ExportError: the recipe's SQL is refused, no row may be trained on, the
            folder cannot be written, or the ledger does not balance.
        StoreError: the store is down or was lost midway.
    """
    for part in parts:
        _check_format(part, request)
    report = Report(request.data_dir / request.name)
    with closing(parts[0].store.connect_read_only()) as connection:
        rows = Rows(connection, parts, progress)
        if dry_run:
            rows.pass_on(report, None)
            refusals.demand_rows(report, parts, connection, request)
        else:
            with DatasetFolder(report.path) as folder:
                rows.pass_on(report, folder)
                refusals.demand_rows(report, parts, connection, request)
                refusals.demand_training_rows(report, parts)
                _seal(folder, rows, request, report)
    return report


def _check_format(part: Part, request: Request) -> None:
    kind = part.config.kind.value
    if request.format != kind or request.format not in FORMATS:
        raise ExportError(
            "format.name",
            f"'{request.format}' does not fit an export of kind '{kind}'",
            "choose both at once: format=sft or format=dpo",
        )


class Rows:
    """The rows of all parts, read on one connection and so at one moment.

    Args:
        connection: one that cannot write; every statement is planned on it first.
        progress: called now and then with the rows read so far.

    Raises:
        ExportError: a part's statement is refused.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        parts: Sequence[Part],
        progress: Callable[[int], None],
    ) -> None:
        self.connection, self.parts = connection, parts
        self.statements = [_planned(connection, part) for part in parts]
        self.ledgers = [Ledger(part.role if len(parts) > 1 else "") for part in parts]
        self._guards = guards(connection, list(dict.fromkeys(part.skill for part in parts)))
        self._progress, self._numbers = progress, count(1)

    def pass_on(self, report: Report, folder: DatasetFolder | None) -> None:
        """Send every row to its line and into the ledger; only count where there is no folder."""
        seen: set[bytes] = set()
        for part, sent, ledger in zip(self.parts, self.statements, self.ledgers, strict=True):
            share = Share(part.skill, part.role)
            report.parts.append(share)
            write = _writer(folder, part, share, mixed=len(self.parts) > 1)
            with _told_of(part):
                for harvest in self._harvests(part, sent, ledger, seen):
                    places = [write(example) for example in harvest.examples]
                    for fate in harvest.fates:
                        line = _entered(fate, places, ledger)
                        if folder:
                            folder.write(LEDGER, line)
            ledger.balance()
            share.read, share.kept, share.rejected = ledger.read, ledger.kept, ledger.reasons()

    def _harvests(self, part: Part, sent: Statement, ledger: Ledger, seen) -> Iterator[Harvest]:
        reading.enter(self.connection, part.skill)
        rows = ledger.watch(self._ticking(reading.read(self.connection, sent)))
        return EXPORTERS[part.config.kind](rows, part.config, self._guards[part.skill], seen)

    def _ticking(self, rows: Iterator) -> Iterator:
        for row in rows:
            if (number := next(self._numbers)) % _TICK == 0:
                self._progress(number)
            yield row


def _planned(connection: psycopg.Connection, part: Part) -> Statement:
    with _told_of(part):
        sent = statement.build(part.config)
        reading.enter(connection, part.skill)
        reading.check(connection, sent)
    return sent


def _writer(folder: DatasetFolder | None, part: Part, share: Share, *, mixed: bool):
    """Return what writes an example and says where: file and line, from 1.

    Where every line would say the same, the manifest says it once.
    """
    shape = FORMATS[part.config.kind.value]
    whose = {"skill": part.skill, "role": part.role} if mixed else {}

    def write(example: Example | PreferencePair) -> tuple[str, int]:
        origin = example.origin if isinstance(example, Example) else example.chosen_origin
        share.examples[origin.split] += 1
        name = f"{origin.split}.jsonl"
        return name, folder.write(name, shape(example) | whose) if folder else 0

    return write


def _entered(fate: Fate, places: Sequence[tuple[str, int]], ledger: Ledger) -> dict[str, Any]:
    """Return the ledger line of a row."""
    if fate.reason is not None:
        return ledger.reject(fate.row, fate.reason)
    # All examples of one row are of one item, so of one file.
    name = places[fate.examples[0]][0]
    return ledger.keep(fate.row, name, [places[at][1] for at in fate.examples])


@contextmanager
def _told_of(part: Part):
    """Name the part of the recipe that is at fault, where it has several."""
    try:
        yield
    except ExportError as error:
        if not error.where.startswith("export."):
            raise
        where = part.key + error.where.removeprefix("export")
        raise ExportError(where, error.what, error.hint) from None


def _seal(folder: DatasetFolder, rows: Rows, request: Request, report: Report) -> None:
    """Write manifest and card, and put the folder in place."""
    report.files = folder.finish()
    written = report.files[LEDGER]["lines"]
    if written != report.read:
        raise ExportError(LEDGER, f"has {written} lines for {report.read} rows read")
    facts = manifest.manifest(rows, request, report)
    folder.text(MANIFEST, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    folder.text("README.md", card(facts))
    folder.publish()
