"""What an exporter makes of rows: examples, and each row's fate.

Fates come with the examples they led to, so that the ledger can name the very
line that a row ended in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_forge.exporters.rows import Row
from harness_forge.records import Example, PreferencePair


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one row.

    Args:
        row: the row.
        reason: why it was rejected; None where it was kept.
        examples: positions of the examples it stands in, within its harvest.
    """

    row: Row
    reason: str | None = None
    examples: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Harvest:
    """The examples of some rows, and the fate of every one of those rows."""

    examples: Sequence[Example | PreferencePair]
    fates: Sequence[Fate]
