"""What an export kind makes of a batch of rows: examples, and a result for each row.

A result names the examples made of its row, so that the ledger can name the
line in which the row ended up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness_forge.core.examples import LabelledExample, PreferencePair, PromptExample
from harness_forge.datasets.pair_counts import PairCount
from harness_forge.datasets.sql.rows import Row


class Line(NamedTuple):
    """An example that is already encoded as a line, without its newline."""

    split: str
    data: bytes


class RowResult(NamedTuple):
    """Whether one row was kept, and in which examples.

    Args:
        row: the row.
        reason: why it was rejected; None where it was kept.
        examples: indices of its examples within the batch.
        redacted: number of values replaced in it, by kind.
        changed: which changes brought it into canonical form.
        about: details of the reason, for the ledger.
    """

    row: Row
    reason: str | None = None
    examples: Sequence[int] = ()
    redacted: Mapping[str, int] | None = None
    changed: frozenset[str] = frozenset()
    about: Mapping[str, str] | None = None


class ExportBatch(NamedTuple):
    """The examples made of some rows, and a result for each of them.

    Args:
        pairs: how many pairs the rows could make; None for kinds without pairs.
    """

    examples: Sequence[PreferencePair | LabelledExample | PromptExample | Line]
    results: Sequence[RowResult]
    pairs: PairCount | None = None
