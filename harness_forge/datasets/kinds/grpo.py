"""GRPO: each prompt once, with what an evaluator needs to judge answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness_forge.config.export import ExportConfig
from harness_forge.core.digest_set import DigestSet
from harness_forge.core.records import PromptExample
from harness_forge.datasets.export_batch import ExportBatch, RowResult
from harness_forge.datasets.leakage.guard import Guard
from harness_forge.datasets.sql.rows import (
    Prompt,
    Row,
    Unusable,
    evidence_text,
    joint,
    read_prompt,
    source_of,
)


def prompts(
    rows: Iterable[Row], config: ExportConfig, guard: Guard, seen: DigestSet
) -> Iterator[ExportBatch]:
    """Yield one batch per row; the first row of each prompt is kept.

    Args:
        seen: digests of the prompts that the dataset holds already; it grows.
    """
    for row in rows:
        try:
            example = _example(row, config, guard, seen)
        except Unusable as fault:
            yield ExportBatch((), (RowResult(row, fault.args[0]),))
        else:
            yield ExportBatch((example,), (RowResult(row, None, (0,)),))


def _example(row: Row, config: ExportConfig, guard: Guard, seen: DigestSet) -> PromptExample:
    if row.reason is not None:
        raise Unusable(row.reason)
    guard.admit(row)
    reference = evidence_text(row)
    if not reference:
        raise Unusable("no_reference")
    prompt: Prompt = read_prompt(row, config)
    # The same words judged by another check are another task.
    mark = joint(prompt.digest, reference.encode())
    if mark in seen:
        raise Unusable("duplicate")
    seen.add(mark)
    return PromptExample(mark.hex(), prompt.messages, prompt.tools, reference, source_of(row))
