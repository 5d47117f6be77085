"""GRPO: each prompt once, with what an evaluator needs to judge answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness_forge.config.export import ExportConfig
from harness_forge.core.digest_set import DigestSet
from harness_forge.core.examples import PromptExample
from harness_forge.datasets.export_batch import ExportBatch
from harness_forge.datasets.prepared import PreparedRow, RowAndPrepared, result
from harness_forge.datasets.sql.rows import (
    Row,
    Unusable,
    evidence_text,
    joint,
    source_of,
)


def prompts(
    rows: Iterable[RowAndPrepared], config: ExportConfig, seen: DigestSet
) -> Iterator[ExportBatch]:
    """Yield one batch per row; the first row of each prompt is kept.

    Args:
        seen: digests of the prompts that the dataset holds already; it grows.
    """
    for row, ready in rows:
        try:
            example = _example(row, ready, seen)
        except Unusable as fault:
            yield ExportBatch((), (result(row, ready, fault.args[0]),))
        else:
            yield ExportBatch((example,), (result(row, ready, None, (0,)),))


def _example(row: Row, ready: PreparedRow, seen: DigestSet) -> PromptExample:
    if ready.reason is not None:
        raise Unusable(ready.reason)
    reference = evidence_text(ready.evidence)
    if not reference:
        raise Unusable("no_reference")
    prompt = ready.prompt
    # The same words judged by another check are another task.
    mark = joint(prompt.digest, reference.encode())
    if mark in seen:
        raise Unusable("duplicate")
    seen.add(mark)
    return PromptExample(mark.hex(), prompt.messages, prompt.tools, reference, source_of(row))
