"""Reads the ledger once: whether it accounts for every row, and which rows each line is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from harness_forge.core.dataset_files import LEDGER
from harness_forge.datasets.audit.dataset import Dataset

CheckResult = tuple[str, list[str]]


class WrittenLedger:
    """The ledger of a dataset.

    Args:
        dataset: the folder.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        # Most lines are of one row, and a set of one takes four times the memory of its name.
        self._rows: dict[str, dict[int, str | list[str]]] = {}
        self._faults: list[str] = []
        self._reasons: Counter[str] = Counter()
        self._kept = self._total = 0
        self._read()

    def result(self) -> CheckResult:
        """Check that there is one line for every row read, kept or rejected as counted."""
        faults = list(self._faults)
        rows = self._dataset.manifest.get("rows") or {}
        if (self._total, self._kept) != (rows.get("read"), rows.get("kept")):
            found = f"{self._total} ledger lines, {self._kept} kept"
            faults.append(f"{found}: not the rows of the manifest")
        if dict(self._reasons) != (rows.get("rejected") or {}):
            faults.append("the reasons in the ledger are not those of the manifest")
        return f"{self._total} rows, {self._kept} kept, {len(self._reasons)} reasons", faults

    def take(self, file: str, number: int) -> set[str]:
        """Return the sources of a line's rows, once."""
        sources = self._rows.get(file, {}).pop(number, ())
        return {sources} if isinstance(sources, str) else set(sources)

    def left(self) -> Iterator[tuple[str, int]]:
        """Yield file and number of the lines that were not taken, in the ledger's order."""
        if not any(self._rows.values()):
            return
        seen: set[tuple[str, int]] = set()
        for _, line in self._dataset.records(LEDGER):
            if _fault(line) or not line["kept"]:
                continue
            for place in [(line["file"], number) for number in line["lines"]]:
                if place not in seen and place[1] in self._rows[place[0]]:
                    seen.add(place)
                    yield place

    def _read(self) -> None:
        seen: set[Any] = set()
        for number, line in self._dataset.records(LEDGER):
            self._total += 1
            if fault := _fault(line):
                self._faults.append(f"{LEDGER} line {number} {fault}")
                continue
            source, role = line["source"], line.get("role", "")
            row = (source, str(role)) if role else source
            if row in seen:
                self._faults.append(f"{source} is twice in the ledger")
            seen.add(row)
            if line["kept"]:
                self._kept += 1
                self._enter(line["file"], line["lines"], source)
            else:
                self._reasons[line["reason"]] += 1

    def _enter(self, file: str, numbers: list[int], source: str) -> None:
        lines = self._rows.setdefault(file, {})
        for number in numbers:
            before = lines.setdefault(number, source)
            if isinstance(before, list):
                before.append(source)
            elif before is not source:
                lines[number] = [before, source]


def _fault(line: Any) -> str:
    if not isinstance(line, dict) or not isinstance(line.get("source"), str):
        return "names no row"
    if line.get("kept") is True:
        lines = line.get("lines")
        fine = isinstance(line.get("file"), str) and isinstance(lines, list) and lines
        return "" if fine and set(map(type, lines)) == {int} else "is kept and names no line"
    if line.get("kept") is False and isinstance(line.get("reason"), str):
        return ""
    return "is neither kept nor rejected"
