"""Where a harvest goes: its examples to the dataset's files, its rows into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness_forge.core import jsontext
from harness_forge.core.records import LabelledExample, PreferencePair, PromptExample
from harness_forge.datasets.batch import Harvest, Line
from harness_forge.datasets.cleaning import Cleaner, redactor_of
from harness_forge.datasets.formats.folder import DatasetFolder
from harness_forge.datasets.formats.lines import FORMATS
from harness_forge.datasets.ledger import Ledger
from harness_forge.datasets.pair_counts import PairCount
from harness_forge.datasets.prepare import Plan
from harness_forge.datasets.request import Share

LEDGER = "ledger.jsonl"

Made = PreferencePair | LabelledExample | PromptExample


class Desk:
    """Writes what comes of one part; only counts it without a folder.

    Args:
        folder: the dataset's; None writes nothing.
        plan: of the part: its format, keys of its own, redaction.
        ledger: its rows; lines are written as it gives them.
        share: its examples, counted by split.
        extension: how data files end.
    """

    def __init__(
        self, folder: DatasetFolder | None, plan: Plan, ledger: Ledger, share: Share, extension: str
    ) -> None:
        self._folder, self._ledger, self._share = folder, ledger, share
        self._shape, self._whose, self._extension = FORMATS[plan.format], plan.whose, extension
        self._clean = Cleaner(redactor_of(plan.treatment))

    def enter(self, harvest: Harvest, repeated: Callable[[str], str] = lambda source: "") -> None:
        """Write a harvest's examples and what became of its rows.

        Args:
            repeated: names the row that a rejected one, by source, repeats; '' for none.
        """
        places = self._written(harvest.examples)
        if harvest.pairs is not None:
            self._share.pairs = PairCount.of([self._share.pairs or PairCount(), harvest.pairs])
        entries = self._ledger.enter(harvest.fates, places, repeated)
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
        shown = {**self._clean.line(self._shape(example)), **self._whose}
        return Line(example.origin.split, jsontext.dumps(shown))
