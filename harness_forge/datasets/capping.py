"""Caps the training examples of each category; batches wait on disk until all are known.

Which stay is a sample's decision: `filters.balance` or `filters.source_cap`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from harness_forge.config.mixture import BalanceCategory
from harness_forge.core.records import Split
from harness_forge.datasets.export_batch import ExportBatch, Line, RowResult
from harness_forge.datasets.filters.balance import Balance
from harness_forge.datasets.filters.source_cap import SourceCap
from harness_forge.datasets.spooling import spooled
from harness_forge.datasets.sql.rows import Row


def capped(
    batches: Iterable[ExportBatch],
    sample: Balance | SourceCap,
    by: BalanceCategory,
    spool: Path,
) -> Iterator[ExportBatch]:
    """Yield the batches in the same order, without the examples over the cap.

    A row that loses all its examples is rejected for the sample's reason.

    Args:
        sample: is offered every training example, then asked for each.
        by: what counts as one category.
        spool: a file for the waiting batches; made and removed.
    """

    def offer(batch: ExportBatch) -> None:
        for category, mark in _offers(batch, by):
            sample.offer(category, mark)

    for batch in spooled(batches, spool, offer):
        yield _rid(batch, sample, by)


def _offers(batch: ExportBatch, by: BalanceCategory) -> Iterator[tuple[str, str]]:
    """Yield category and mark of each training example."""
    rows = _rows_of(batch)
    for place, example in enumerate(batch.examples):
        if _split(example) == Split.TRAIN:
            yield _category(rows[place], by), _mark(example)


def _rid(batch: ExportBatch, sample: Balance | SourceCap, by: BalanceCategory) -> ExportBatch:
    places: dict[int, int] = {}
    rows = _rows_of(batch)
    for place, example in enumerate(batch.examples):
        category = _category(rows[place], by)
        if _split(example) != Split.TRAIN or sample.keeps(category, _mark(example)):
            places[place] = len(places)
    if len(places) == len(batch.examples):
        return batch
    examples = [batch.examples[place] for place in places]
    pairs = batch.pairs
    if pairs is not None:
        pairs = pairs.without(len(batch.examples) - len(examples), sample.REASON)
    return ExportBatch(
        examples, [_moved(result, places, sample.REASON) for result in batch.results], pairs
    )


def _moved(result: RowResult, places: Mapping[int, int], reason: str) -> RowResult:
    if result.reason is not None:
        return result
    left = [places[place] for place in result.examples if place in places]
    return result._replace(examples=left) if left else RowResult(result.row, reason)


def _rows_of(batch: ExportBatch) -> dict[int, Row]:
    """Return a row of each example, by place: the first where an example is of several."""
    return {place: result.row for result in reversed(batch.results) for place in result.examples}


def _category(row: Row, by: BalanceCategory) -> str:
    return {
        BalanceCategory.family: row.family,
        BalanceCategory.item: row.item_id,
        BalanceCategory.source: row.evaluator,
    }.get(by) or ""


def _split(example: Any) -> str:
    return example.split if isinstance(example, Line) else example.origin.split


def _mark(example: Any) -> str:
    if isinstance(example, Line):
        return blake2b(example.data, digest_size=16).hexdigest()
    return example.id
