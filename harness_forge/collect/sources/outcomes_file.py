"""Outcomes that a second file holds, by item: a benchmark's report beside its trajectories."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import outcomes, signatures
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import MappingTemplate
from harness_forge.collect.sources.unpacking import beginning
from harness_forge.config.source import Layout, OutcomesFileConfig, SourceConfig
from harness_forge.core.errors import ConfigError, SourceError


class OutcomesByItem:
    """What a file says of items.

    Args:
        config: with a file.
        records: the file of the records.

    Raises:
        ConfigError: the settings leave open where outcomes are.
        SourceError: the file is not there, is no JSON, or holds no outcome.
    """

    def __init__(self, config: OutcomesFileConfig, records: Path) -> None:
        if not config.outcome:
            raise ConfigError(
                "source.outcomes.outcome",
                "must be set where source.outcomes.file is",
                "source.outcomes.outcome='{resolved}', or the list of items that passed:"
                " '{resolved_ids}'",
            )
        self.path = beside(config.file, records)
        self._said: dict[str, Any] = {}
        self._others: Any = None
        self._contradicted: dict[str, Any] = {}
        for item, outcome in self._pairs(config):
            if not outcomes.same(self._said.setdefault(item, outcome), outcome):
                self._contradicted.setdefault(item, outcome)
        self._alike = {_alike(name): name for name in self._said}
        self._given: Counter[str] = Counter()
        self._missed: dict[str, str] = {}
        if not self._said and self._others is None:
            raise SourceError(str(self.path), f"holds no outcome at {config.outcome}")

    def of(self, item: str) -> Any:
        """Return what became of an item, None where the file does not say, or says two things."""
        if item in self._said:
            self._given[item] += 1
        elif (near := self._alike.get(_alike(item))) is not None:
            self._missed.setdefault(near, item)
        return None if item in self._contradicted else self._said.get(item, self._others)

    def contradiction(self, item: str) -> str:
        """Return which two outcomes an item has; '' where there is one at most."""
        if item not in self._contradicted:
            return ""
        one, other = self._said[item], self._contradicted[item]
        return f"{self.path.name} says {one!r} and {other!r} of {item}"

    def notes(self) -> list[str]:
        """Return what is to be known of the outcomes that `of` gave, in words."""
        made = []
        missed = {name: item for name, item in self._missed.items() if name not in self._given}
        if missed:
            name, item = next(iter(missed.items()))
            become = "count as failed" if self._others is False else "have no outcome"
            become = f"{become}: {len(missed)}"
            made.append(
                f"{self.path.name} names {name!r} and the records {item!r}: items whose names"
                f" differ in case, blanks, zeros or the form of letters alone {become}"
            )
        several = sum(count > 1 for count in self._given.values())
        if several:
            made.append(
                f"{self.path.name} says one outcome of an item, and each of its attempts has it;"
                f" items with several attempts: {several}"
            )
        return made

    def names(self) -> frozenset[str]:
        """Return the items that the file names; of a list of passes, those that passed."""
        return frozenset(self._said)

    def _pairs(self, config: OutcomesFileConfig) -> Iterator[tuple[str, Any]]:
        item, outcome = (
            MappingTemplate("source.outcomes.item", config.item),
            MappingTemplate("source.outcomes.outcome", config.outcome),
        )
        for record in self._records():
            if config.item:
                if (name := item.word(record)) and (said := outcome.value(record)) is not None:
                    yield name, said
                continue
            passed = outcome.value(record)
            if isinstance(passed, list):
                self._others = False
                yield from ((str(one), True) for one in passed)
                continue
            for name, entry in record.items():
                said = outcome.value(entry) if isinstance(entry, Mapping) else None
                if said is not None:
                    yield name, said

    def _records(self) -> Iterator[Mapping[str, Any]]:
        signatures.demand_records(self.path, beginning(self.path, signatures.LONGEST))
        for value in values(self.path, Layout.auto, SourceConfig.max_line_mb):
            if isinstance(value, LeftOut) or not isinstance(value.value, Mapping):
                place = f"{self.path}: line {value.place}"
                said = value.detail or value.reason if isinstance(value, LeftOut) else "no object"
                raise SourceError(place, f"cannot be read: {said}", "it must hold JSON objects")
            yield value.value


def _alike(name: str) -> str:
    """Return a name without what two files may write differently of one item."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)


def beside(file: str, records: Path) -> Path:
    """Return a file: as it is named, or beside the file of the records.

    Raises:
        SourceError: it is in neither place.
    """
    for path in (Path(file), records.parent / file):
        if path.is_file():
            return path
    raise SourceError(f"source.outcomes.file={file}", "no such file, nor beside the records")
