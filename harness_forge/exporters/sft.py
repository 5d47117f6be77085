"""One example a row: the prompt, and the answer that passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness_forge.exporters.config import ExportConfig
from harness_forge.exporters.guard import Guard
from harness_forge.exporters.harvest import Fate, Harvest
from harness_forge.exporters.rows import (
    Row,
    Unusable,
    joint,
    read_answer,
    read_prompt,
    source_of,
)
from harness_forge.records import Example


def examples(
    rows: Iterable[Row], config: ExportConfig, guard: Guard, seen: set[bytes]
) -> Iterator[Harvest]:
    """Yield a harvest of one row at a time.

    Of rows with the same prompt and answer the first is kept; only their
    16-byte digests are held, so memory hardly grows with the rows.

    Args:
        seen: digests of what the dataset holds already; it grows.
    """
    for row in rows:
        if row.reason is not None:
            yield Harvest((), (Fate(row, row.reason),))
            continue
        try:
            example = _example(row, config, guard, seen)
        except Unusable as fault:
            yield Harvest((), (Fate(row, fault.args[0]),))
            continue
        yield Harvest((example,), (Fate(row, None, (0,)),))


def _example(row: Row, config: ExportConfig, guard: Guard, seen: set[bytes]) -> Example:
    guard.admit(row)
    prompt = read_prompt(row)
    answer = read_answer(row, prompt, config.answer)
    mark = joint(prompt.digest, answer.digest)
    if mark in seen:
        raise Unusable("duplicate")
    seen.add(mark)
    return Example(mark.hex(), prompt.messages, prompt.tools, answer.message, source_of(row))
