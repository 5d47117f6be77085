"""KTO: single answers labelled good or bad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness_forge.config.export import ExportConfig
from harness_forge.core.digest_set import DigestSet
from harness_forge.core.examples import LabelledExample
from harness_forge.datasets.export_batch import ExportBatch, RowResult
from harness_forge.datasets.kinds.items import by_item
from harness_forge.datasets.prepared import PreparedRow, RowAndPrepared, result
from harness_forge.datasets.sql.rows import Row, evidence_text, source_of


def labelled(
    rows: Iterable[RowAndPrepared], config: ExportConfig, seen: DigestSet
) -> Iterator[ExportBatch]:
    """Yield one batch per item; only one item's rows are in memory.

    An answer that was called both good and bad is called neither.

    Args:
        seen: digests of the answers that the dataset holds already; it grows.

    Raises:
        ExportError: the rows of an item do not come together.
    """
    for group in by_item(rows, "kto"):
        yield _export_item(group, seen)


def _export_item(rows: list[RowAndPrepared], seen: DigestSet) -> ExportBatch:
    read = [_example(row, ready) for row, ready in rows]
    labels: dict[bytes, set[bool]] = {}
    for (row, _), found in zip(rows, read, strict=True):
        if not isinstance(found, str):
            labels.setdefault(bytes.fromhex(found.id), set()).add(row.eval_passed)
    made: list[LabelledExample] = []
    results: list[RowResult] = []
    for (row, ready), found in zip(rows, read, strict=True):
        reason = found if isinstance(found, str) else _unwanted(found, labels, seen)
        if reason is not None:
            results.append(result(row, ready, reason))
            continue
        seen.add(bytes.fromhex(found.id))
        results.append(result(row, ready, None, (len(made),)))
        made.append(found)
    return ExportBatch(made, results)


def _example(row: Row, ready: PreparedRow) -> LabelledExample | str:
    """Return a row's example, or why it has none."""
    if ready.reason is not None:
        return ready.reason
    return LabelledExample(
        ready.mark.hex(),
        ready.prompt.messages,
        ready.prompt.tools,
        ready.answer.message,
        row.eval_passed,
        source_of(row),
        evidence_text(ready.evidence),
    )


def _unwanted(
    example: LabelledExample, labels: dict[bytes, set[bool]], seen: DigestSet
) -> str | None:
    mark = bytes.fromhex(example.id)
    if len(labels[mark]) > 1:
        return "contradictory_outcome"
    return "duplicate" if mark in seen else None
