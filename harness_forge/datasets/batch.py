"""What an exporter makes of rows: examples, and each row's fate.

Fates come with the examples they led to, so that the ledger can name the very
line that a row ended in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness_forge.core.records import LabelledExample, PreferencePair, PromptExample
from harness_forge.datasets.pair_counts import PairCount
from harness_forge.datasets.sql.rows import Row


class Line(NamedTuple):
    """An example that was made a line already, without its newline."""

    split: str
    data: bytes


class Fate(NamedTuple):
    """What became of one row.

    Args:
        row: the row.
        reason: why it was rejected; None where it was kept.
        examples: positions of the examples it stands in, within its harvest.
    """

    row: Row
    reason: str | None = None
    examples: Sequence[int] = ()


class Harvest(NamedTuple):
    """The examples of some rows, and the fate of every one of those rows.

    Args:
        pairs: what the rows could have been paired to; None of kinds that pair nothing.
    """

    examples: Sequence[PreferencePair | LabelledExample | PromptExample | Line]
    fates: Sequence[Fate]
    pairs: PairCount | None = None
