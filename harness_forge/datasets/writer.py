"""Writes batches: examples to the dataset's files, results of rows to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness_forge.core import jsontext
from harness_forge.core.dataset_files import LEDGER
from harness_forge.core.examples import LabelledExample, PreferencePair, PromptExample
from harness_forge.datasets.cleaning import Cleaner, redactor_of
from harness_forge.datasets.export_batch import ExportBatch, Line
from harness_forge.datasets.formats.folder import DatasetFolder
from harness_forge.datasets.formats.lines import FORMATS
from harness_forge.datasets.ledger import Ledger
from harness_forge.datasets.pair_counts import PairCount
from harness_forge.datasets.prepare import PreparePlan
from harness_forge.datasets.request import Share

Made = PreferencePair | LabelledExample | PromptExample


class DatasetWriter:
    """Writes the batches of one part; without a folder it only counts.

    Args:
        folder: the dataset's; None writes nothing.
        plan: the part's plan: format, extra keys, redaction.
        ledger: counts the part's rows, and makes their ledger lines.
        share: counts the part's examples by split.
        extension: file name extension of the data files.
    """

    def __init__(
        self,
        folder: DatasetFolder | None,
        plan: PreparePlan,
        ledger: Ledger,
        share: Share,
        extension: str,
    ) -> None:
        self._folder, self._ledger, self._share = folder, ledger, share
        self._shape, self._extra_keys, self._extension = (
            FORMATS[plan.format],
            plan.extra_keys,
            extension,
        )
        self._clean = Cleaner(redactor_of(plan.treatment))

    def enter(self, batch: ExportBatch, repeated: Callable[[str], str] = lambda source: "") -> None:
        """Write a batch's examples and the ledger lines of its rows.

        Args:
            repeated: given the source of a rejected row, returns the source of the
                row that it repeats; '' for none.
        """
        places = self._written(batch.examples)
        if batch.pairs is not None:
            self._share.pairs = PairCount.of([self._share.pairs or PairCount(), batch.pairs])
        entries = self._ledger.enter(batch.results, places, repeated)
        if self._folder and entries:
            self._folder.extend(LEDGER, list(map(jsontext.dumps, entries)))

    def _written(self, examples: Sequence[Made | Line]) -> list[tuple[str, int]]:
        """Write examples; return file and line of each, from 1."""
        lines: dict[str, list[bytes]] = {}
        places = []
        for example in examples:
            split, data = example if isinstance(example, Line) else self._line(example)
            own = lines.setdefault(split, [])
            places.append((split, len(own)))
            own.append(data)
        first: dict[str, tuple[str, int]] = {}
        for split, own in lines.items():
            self._share.examples[split] += len(own)
            name = f"{split}.{self._extension}"
            first[split] = name, self._folder.extend(name, own) if self._folder else 0
        return [(first[split][0], first[split][1] + at) for split, at in places]

    def _line(self, example: Made) -> Line:
        shown = {**self._clean.line(self._shape(example)), **self._extra_keys}
        return Line(example.origin.split, jsontext.dumps(shown))
