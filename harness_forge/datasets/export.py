"""Writes a dataset: passes over the rows, writes manifest and card, and puts it in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING

from harness_forge.config.format import ROWS
from harness_forge.core.dataset_files import CARD, FEEDBACK, LEDGER, MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.core.garbage import seldom_collected
from harness_forge.datasets import manifest, mixing, refusals
from harness_forge.datasets.audit.audit import audit_with_items
from harness_forge.datasets.formats.card import card
from harness_forge.datasets.formats.endings import checked
from harness_forge.datasets.formats.folder import DatasetFolder
from harness_forge.datasets.pipeline import Rows
from harness_forge.datasets.request import ExportPart, ExportReport, ExportRequest
from harness_forge.datasets.sudden import rows_before, sudden

if TYPE_CHECKING:
    import psycopg


def export(
    parts: Sequence[ExportPart],
    request: ExportRequest,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> ExportReport:
    """Write one dataset and return its report.

    All parts are read at one moment of the store.

    Args:
        parts: the parts, in the order they are written; of one store.
        request: where to and what for.
        dry_run: count, and write nothing.
        progress: called now and then with the rows read so far.

    Raises:
        ExportError: the recipe's SQL is refused, no row may be trained on, the
            folder cannot be written, the ledger does not balance, or what was
            written fails its audit.
        StoreError: the store is down or was lost midway.
    """
    request = replace(request, extension=checked(request.extension))
    for part in parts:
        _check_format(part, request)
        mixing.check(part.config.kind, request.treatment)
    with ExitStack() as stack:
        connection = stack.enter_context(closing(parts[0].store.connect_read_only()))
        stack.enter_context(seldom_collected())
        if dry_run:
            report = ExportReport(request.data_dir / request.name)
            rows = Rows(connection, parts, request, progress)
            rows.pass_on(report, None)
            report.sudden = sudden(rows_before(report.path), rows.kept_by_source())
            refusals.demand_rows(report, parts, connection, request)
            return report
        while True:
            try:
                return _written(connection, parts, request, progress)
            except _AsksWhatValidationAsks as found:
                request = replace(request, asking_the_same=request.asking_the_same | found.items)


class _AsksWhatValidationAsks(Exception):
    """Some items of training ask what validation asks: the dataset is written without them.

    What a template of questions is hangs on all lines, so that is known only at the end.
    """

    def __init__(self, items: Set[str]) -> None:
        self.items = items


def _written(
    connection: psycopg.Connection,
    parts: Sequence[ExportPart],
    request: ExportRequest,
    progress: Callable[[int], None],
) -> ExportReport:
    report = ExportReport(request.data_dir / request.name)
    before = rows_before(report.path)
    rows = Rows(connection, parts, request, progress)
    with DatasetFolder(report.path) as folder:
        rows.pass_on(report, folder)
        refusals.demand_rows(report, parts, connection, request)
        refusals.demand_training_rows(report, parts)
        _seal(folder, rows, request, report)
    report.sudden = sudden(before, rows.kept_by_source())
    return report


def _check_format(part: ExportPart, request: ExportRequest) -> None:
    kind = part.config.kind.value
    if ROWS.get(request.format) != kind:
        fitting = ", ".join(name for name, of in ROWS.items() if of == kind)
        raise ExportError(
            "format.name",
            f"'{request.format}' does not fit an export of kind '{kind}'",
            f"formats of that kind: {fitting}; format=… chooses both at once",
        )


def _seal(folder: DatasetFolder, rows: Rows, request: ExportRequest, report: ExportReport) -> None:
    """Write manifest and card, and put the folder in place."""
    rows.held_out_set.write(folder)
    for record in rows.weighting.records():
        folder.write(FEEDBACK, record)
    report.files = folder.finish()
    written = report.files[LEDGER]["lines"]
    if written != report.read:
        raise ExportError(LEDGER, f"has {written} lines for {report.read} rows read")
    facts = rows.clean.value(manifest.manifest(rows, request, report))
    folder.text(MANIFEST, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    folder.text(CARD, card(facts))
    _demand_proof(folder, request.asking_the_same)
    folder.publish()


def _demand_proof(folder: DatasetFolder, left_out: Set[str]) -> None:
    """Refuse a dataset that fails its audit; the previous dataset stays.

    Raises:
        _AskTheSame: without some more items it may hold.
        ExportError: with the first check that fails, and the lines at fault.
    """
    findings, asking_the_same = audit_with_items(folder.draft)
    failed = [one for one in findings if not one.holds]
    if [one.name for one in failed] == [_NEAR] and not asking_the_same <= left_out:
        raise _AsksWhatValidationAsks(asking_the_same)
    if failed:
        others = f"; and {', '.join(one.name for one in failed[1:])}" if failed[1:] else ""
        raise ExportError(
            str(folder.path),
            f"what would be written fails its audit: {failed[0].name}: {failed[0].detail}{others}",
            _REMEDIES.get(failed[0].name, "nothing was written; the dataset before it stays"),
        )


_NEAR = "near-identical prompts"
_REMEDIES = {
    "holdout": "rows that hold words of a held-out item are taken out by contamination.enabled=true"
    " and contamination.holdout=true",
    _NEAR: "training asks what validation asks: an item is left out by"
    " export.where=\"'item_id <> …'\"",
    "secrets": "rows with what redaction cannot replace are left out by export.where=…",
}
