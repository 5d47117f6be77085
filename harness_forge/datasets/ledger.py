"""The export ledger: one line for every row read, kept or rejected with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from harness_forge.core.errors import ExportError
from harness_forge.datasets.export_batch import RowResult

_SEEN = {
    "policies": attrgetter("policy"),
    "origins": attrgetter("origin"),
    "evaluators": attrgetter("evaluator"),
    "families": attrgetter("family"),
    "runs": attrgetter("run_id"),
}
"""What the manifest counts kept rows by."""


class Ledger:
    """Counts rows read and ledger lines entered, independently of each other.

    The two are compared at the end: a row that was read and never entered, or
    entered twice, is a fault of ours that must not pass for a dataset.

    Args:
        role: written to every line, so that roles can be counted; ''
            where the dataset has one role.
    """

    def __init__(self, role: str = "") -> None:
        self.role = role
        self.read = 0  # counted by the reader of rows
        self.kept = 0
        self.rejected: Counter[str] = Counter()
        self.redacted: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.seen: dict[str, Counter[str]] = {name: Counter() for name in _SEEN}

    def enter(
        self,
        results: Sequence[RowResult],
        places: Sequence[tuple[str, int]],
        repeated: Callable[[str], str],
    ) -> list[dict[str, Any]]:
        """Count rows and return their ledger lines.

        Args:
            places: file and line, from 1, of each example that the results name.
            repeated: names the row that a rejected one, by source, repeats; '' for none.
        """
        kept: list[RowResult] = []
        lines: list[dict[str, Any]] = []
        for result in results:
            source, reason = result.row.source, result.reason
            line: dict[str, Any] = {"source": source}
            if self.role:
                line["role"] = self.role
            lines.append(line)
            line["kept"] = reason is None
            if reason is None:
                kept.append(result)
                # All examples of one row are of one item, so of one file.
                line["file"] = places[result.examples[0]][0]
                line["lines"] = [places[at][1] for at in result.examples]
            else:
                self.rejected[reason] += 1
                line["reason"] = reason
                if result.about:
                    line.update(result.about)
                if of := repeated(source):
                    line["of"] = of
        self._count(kept)
        return lines

    def _count(self, kept: Sequence[RowResult]) -> None:
        """Count kept rows column by column, which runs in C."""
        self.kept += len(kept)
        rows = [result.row for result in kept]
        for name, column in _SEEN.items():
            self.seen[name].update(map(column, rows))
        for result in kept:
            if result.redacted:
                self.redacted.update(result.redacted)
            if result.changed:
                self.changed.update(result.changed)

    def balance(self) -> None:
        """Check that rows read = kept + rejected.

        Raises:
            ExportError: they are not.
        """
        entered = self.kept + self.rejected.total()
        if entered != self.read:
            raise ExportError(
                "ledger",
                f"{self.read} rows were read, but {self.kept} kept and "
                f"{self.rejected.total()} rejected",
                "this is a fault of forge, not of the recipe: no dataset was written",
            )

    def reasons(self) -> dict[str, int]:
        """Return counts by reason, most frequent first, then by name."""
        return ranked(self.rejected)


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by name, highest first, then by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
