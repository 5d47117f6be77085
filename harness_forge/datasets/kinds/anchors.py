"""Answers that no model gave, kept to a stated share of the lines.

A model that learns from its own passing answers drifts with them; a few
written ones hold it (rejection sampling with anchors). They are counted
against the lines that models gave before them, so those rows come first.
"""

from __future__ import annotations

from collections import Counter

from harness_forge.core.errors import ExportError
from harness_forge.datasets.sql.rows import Row

MODEL = "model"


class Anchors:
    """Counts lines by split, and says whether one more anchor has room.

    Args:
        share: at most this share of a split's lines are anchors, from 0 to
            below 1; None lets everything in.

    Raises:
        ExportError: the share is none.
    """

    def __init__(self, share: float | None) -> None:
        if share is not None and not 0 <= share < 1:
            raise ExportError("export.anchor_share", f"{share} is no share", "0 up to below 1")
        self._share = share
        self._models: Counter[str | None] = Counter()
        self._anchors: Counter[str | None] = Counter()

    @property
    def counted(self) -> bool:
        """Whether anybody asks who answered."""
        return self._share is not None

    def is_anchor(self, row: Row) -> bool:
        """Return whether the row's answer is an anchor."""
        return self.counted and row.origin != MODEL

    def take(self, row: Row) -> bool:
        """Count a line with the row's answer, and return True, where it has room."""
        if not self.is_anchor(row):
            self._models[row.split] += 1
            return True
        anchors = self._anchors[row.split] + 1
        # Not anchors / lines <= share, which rounds.
        if anchors > self._share * (anchors + self._models[row.split]) + 1e-9:
            return False
        self._anchors[row.split] = anchors
        return True
