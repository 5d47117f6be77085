"""Keeps batches on disk until all of them are known."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harness_forge.datasets.export_batch import ExportBatch


def spooled(
    batches: Iterable[ExportBatch], spool: Path, look: Callable[[ExportBatch], None]
) -> Iterator[ExportBatch]:
    """Call `look` with every batch, then yield the batches in the same order.

    Args:
        spool: a file for the waiting batches; made and removed.
    """
    count = 0
    with spool.open("xb") as file:
        for batch in batches:
            look(batch)
            pickle.dump(_light(batch), file, pickle.HIGHEST_PROTOCOL)
            count += 1
    with spool.open("rb") as file:
        for _ in range(count):
            # Written above, by this process, into a folder of its own.
            yield pickle.load(file)  # noqa: S301
    spool.unlink()


def _light(batch: ExportBatch) -> ExportBatch:
    results = [result._replace(row=result.row.without_json()) for result in batch.results]
    return batch._replace(results=results)
