"""The export ledger: one line for every row read, kept or rejected with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness_forge.errors import ExportError
from harness_forge.exporters.rows import Row


class Ledger:
    """Counts rows as they are read and lines as they are entered, apart from each other.

    The two are compared at the end: a row that was read and never entered, or
    entered twice, is a fault of ours that must not pass for a dataset.

    Args:
        role: stands in every line, so that roles can be counted from them; ''
            where the dataset has one role.
    """

    def __init__(self, role: str = "") -> None:
        self.role = role
        self.read = 0
        self.kept = 0
        self.rejected: Counter[str] = Counter()
        self.redacted: Counter[str] = Counter()
        self.seen: dict[str, Counter[str]] = {
            name: Counter() for name in ("policies", "origins", "evaluators", "families", "runs")
        }

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield `rows`, counting them."""
        for row in rows:
            self.read += 1
            yield row

    def keep(self, row: Row, file: str, lines: Sequence[int]) -> dict[str, Any]:
        """Return the ledger line of a kept row; `lines` of `file` hold it, from 1."""
        self.kept += 1
        seen = self.seen
        seen["policies"][row.policy] += 1
        seen["origins"][row.origin] += 1
        seen["evaluators"][row.evaluator] += 1
        seen["families"][row.family] += 1
        seen["runs"][row.run_id] += 1
        if row.redacted:
            self.redacted.update(row.redacted)
        return {**self._whose(row), "kept": True, "file": file, "lines": list(lines)}

    def reject(self, row: Row, reason: str, repeats: str = "") -> dict[str, Any]:
        """Return the ledger line of a rejected row; `repeats` names the row it repeats."""
        self.rejected[reason] += 1
        line = {**self._whose(row), "kept": False, "reason": reason}
        return {**line, "of": repeats} if repeats else line

    def _whose(self, row: Row) -> dict[str, Any]:
        return {"source": row.source, **({"role": self.role} if self.role else {})}

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
        """Return reason to count, most frequent first, names breaking ties."""
        return ranked(self.rejected)


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by name, highest first, names breaking ties."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
