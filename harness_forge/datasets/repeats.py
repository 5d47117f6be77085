"""Repeats training rows by the weight of their family.

Only what is already to be written is written again, byte for byte: a weight
cannot bring in a row, nor change one. Each repeat is a line of its own in the
row's ledger entry, so that every line is accounted for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness_forge.core.records import Split
from harness_forge.datasets.export_batch import ExportBatch, Line
from harness_forge.datasets.feedback.weights import Feedback, Weight, weights
from harness_forge.datasets.leakage.held_out_set import HeldOutSet
from harness_forge.datasets.request import Treatment
from harness_forge.datasets.spooling import spooled

_SOURCE = ("kind", "run", "evaluation", "metric")
"""Settings that choose the evidence; the chosen one is named under sources."""
UNIT = 10_000
"""Weights are whole numbers of 1/UNIT, so that lines are counted exactly."""


class Weighting:
    """Applies the weights of one dataset, and counts the repeats.

    Args:
        treatment: its `feedback`; None weights nothing.
        held_out_set: tells which items are for validation; others are no evidence.
        name: gives a family or an item as the dataset may tell it.
    """

    def __init__(self, treatment: Treatment, held_out_set: HeldOutSet, name=str) -> None:
        self._feedback = _validating(treatment.feedback, held_out_set)
        self._name = name
        self._weights: Mapping[tuple[str, str], Weight] = {}
        self._parts: list[dict[str, Any]] = []
        if self._feedback is not None:
            config = self._feedback.config
            self._weights = weights(
                self._feedback.evidence,
                strength=config.strength,
                cap=config.cap,
                minimum=config.minimum,
                prior=config.prior,
            )

    def weighted(
        self, batches: Iterator[ExportBatch], skill: str, role: str, spool: Path
    ) -> Iterator[ExportBatch]:
        """Return one part's batches, with the training examples of weighted families repeated.

        Args:
            spool: a file for the waiting batches; made and removed.
        """
        if not any(skill == of for of, _ in self._weights):
            return batches
        return self._repeated(batches, skill, role, spool)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the evidence, item by item, as written to FEEDBACK."""
        for one in sorted(self._feedback.evidence if self._feedback else ()):
            named = {"item_id": self._name(one.item_id), "family": self._name(one.family)}
            yield {**one._asdict(), **named}

    def facts(self) -> dict[str, Any]:
        """Return the facts for the manifest: weights, evidence and runs."""
        if self._feedback is None:
            return {}
        config = self._feedback.config
        settings = {k: v for k, v in asdict(config).items() if k not in _SOURCE}
        facts = {
            "kind": config.kind.value,
            "split": Split.VALIDATION.value,
            "settings": settings,
            "sources": [asdict(source) for source in self._feedback.sources],
            "families": [
                {"skill": skill, "family": self._name(family), **weight._asdict()}
                for (skill, family), weight in self._weights.items()
            ],
            "parts": self._parts,
        }
        return {"feedback": facts}

    def notes(self) -> list[str]:
        """Return notes for the dataset's card about repeated rows."""
        if self._feedback is None:
            return []
        if not self._feedback.sources:
            return ["no validation run was there to weight rows by"]
        more = sum(one["lines"] - one["rows"] for part in self._parts for one in part["families"])
        runs = ", ".join(source.run_id for source in self._feedback.sources)
        return [f"{more} training lines repeat others, weighted by validation run {runs}"]

    def _repeated(
        self, batches: Iterable[ExportBatch], skill: str, role: str, spool: Path
    ) -> Iterator[ExportBatch]:
        counts: Counter[str] = Counter()

        def count(batch: ExportBatch) -> None:
            counts.update(family for _, family in _trained(batch))

        waiting = spooled(batches, spool, count)
        units: dict[str, int] = {}
        seen: Counter[str] = Counter()
        lines: Counter[str] = Counter()
        for number, batch in enumerate(waiting):
            if number == 0:
                units = self._units(skill, counts)
            copies = _copies(batch, units, seen)
            for place, family in _trained(batch):
                lines[family] += copies.get(place, 1)
            yield _with(batch, copies)
        families = [
            {
                "family": self._name(family),
                "weight": unit / UNIT,
                "rows": counts[family],
                "lines": lines[family],
            }
            for family, unit in sorted(units.items())
            if counts[family]
        ]
        if families:
            train = {"train": counts.total(), "families": families}
            self._parts.append({"skill": skill, "role": role, **train})

    def _units(self, skill: str, counts: Mapping[str, int]) -> dict[str, int]:
        """Return each family's weight; all are lowered alike where repeats exceed the share."""
        own = {family: one.weight for (of, family), one in self._weights.items() if of == skill}
        more = sum(counts.get(family, 0) * (weight - 1) for family, weight in own.items())
        share = self._feedback.config.share
        room = share / (1 - share) * sum(counts.values())
        lower = min(1.0, room / more) if more else 1.0
        return {family: int(UNIT + lower * (weight - 1) * UNIT) for family, weight in own.items()}


def _validating(feedback: Feedback | None, held_out_set: HeldOutSet) -> Feedback | None:
    """Return the feedback without items that are in a stricter split of another skill."""
    if feedback is None:
        return None
    fine = [one for one in feedback.evidence if held_out_set.validates(one.skill, one.item_id)]
    return replace(feedback, evidence=fine)


def _trained(batch: ExportBatch) -> Iterator[tuple[int, str]]:
    """Yield index and family of each training example."""
    families = {place: result.row.family for result in batch.results for place in result.examples}
    for place, example in enumerate(batch.examples):
        split = example.split if isinstance(example, Line) else example.origin.split
        if split == Split.TRAIN:
            yield place, families[place] or ""


def _copies(batch: ExportBatch, units: Mapping[str, int], seen: Counter[str]) -> dict[int, int]:
    """Return how often each weighted example is written; `seen` counts earlier ones.

    The nth row of a family takes what is due to n rows and was not given to
    those before: a weight of 1.5 repeats every second one.
    """
    copies = {}
    for place, family in _trained(batch):
        if unit := units.get(family):
            before = seen[family]
            seen[family] += 1
            copies[place] = (before + 1) * unit // UNIT - before * unit // UNIT
    return copies


def _with(batch: ExportBatch, copies: Mapping[int, int]) -> ExportBatch:
    if all(count == 1 for count in copies.values()):
        return batch
    examples, places = [], {}
    for place, example in enumerate(batch.examples):
        times = copies.get(place, 1)
        places[place] = range(len(examples), len(examples) + times)
        examples += [example] * times
    results = [
        result._replace(examples=[new for old in result.examples for new in places[old]])
        for result in batch.results
    ]
    return ExportBatch(examples, results, batch.pairs)
