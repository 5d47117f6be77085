"""KTO: single answers labelled good or bad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness_forge.config.export import ExportConfig
from harness_forge.core.digest_set import DigestSet
from harness_forge.core.records import LabelledExample
from harness_forge.datasets.export_batch import ExportBatch, RowResult
from harness_forge.datasets.kinds.items import by_item
from harness_forge.datasets.leakage.guard import Guard
from harness_forge.datasets.sql.rows import (
    Row,
    Unusable,
    evidence_text,
    joint,
    read_answer,
    read_prompt,
    source_of,
)


def labelled(
    rows: Iterable[Row], config: ExportConfig, guard: Guard, seen: DigestSet
) -> Iterator[ExportBatch]:
    """Yield one batch per item; only one item's rows are in memory.

    An answer that was called both good and bad is called neither.

    Args:
        seen: digests of the answers that the dataset holds already; it grows.

    Raises:
        ExportError: the rows of an item do not come together.
    """
    for group in by_item(rows, "kto"):
        yield _export_item(group, config, guard, seen)


def _export_item(
    rows: list[Row], config: ExportConfig, guard: Guard, seen: DigestSet
) -> ExportBatch:
    read = [_read(row, config, guard) for row in rows]
    labels: dict[bytes, set[bool]] = {}
    for row, found in zip(rows, read, strict=True):
        if not isinstance(found, str):
            labels.setdefault(bytes.fromhex(found.id), set()).add(row.eval_passed)
    made: list[LabelledExample] = []
    results: list[RowResult] = []
    for row, found in zip(rows, read, strict=True):
        reason = found if isinstance(found, str) else _unwanted(found, labels, seen)
        if reason is not None:
            results.append(RowResult(row, reason))
            continue
        seen.add(bytes.fromhex(found.id))
        results.append(RowResult(row, None, (len(made),)))
        made.append(found)
    return ExportBatch(made, results)


def _read(row: Row, config: ExportConfig, guard: Guard) -> LabelledExample | str:
    """Return a row's example, or why it has none."""
    if row.reason is not None:
        return row.reason
    try:
        guard.admit(row)
        prompt = read_prompt(row, config)
        answer = read_answer(row, config)
    except Unusable as fault:
        return fault.args[0]
    return LabelledExample(
        joint(prompt.digest, answer.digest).hex(),
        prompt.messages,
        prompt.tools,
        answer.message,
        row.eval_passed,
        source_of(row),
        evidence_text(row),
    )


def _unwanted(
    example: LabelledExample, labels: dict[bytes, set[bool]], seen: DigestSet
) -> str | None:
    mark = bytes.fromhex(example.id)
    if len(labels[mark]) > 1:
        return "contradictory_outcome"
    return "duplicate" if mark in seen else None
