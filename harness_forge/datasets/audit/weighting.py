"""Checks repeated lines against the weights and the evidence that the dataset declares.

Feedback may repeat rows of training. It may not bring in a row of an item that
was measured, write one, or take its weights from what is held out.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.dataset_files import FEEDBACK, ITEMS
from harness_forge.core.records import Split
from harness_forge.datasets.audit.dataset import Dataset
from harness_forge.datasets.feedback.weights import ItemOutcome, weights

_SETTINGS = ("strength", "cap", "minimum", "prior")


class Repeats:
    """Counts lines and their repeats, and compares them with the manifest.

    Args:
        dataset: the folder.
        items: group and split of each item, by skill and item id.
        held: digests of the items that are held out, made with `salt`.
    """

    def __init__(self, dataset: Dataset, items: Mapping, held: set[str], salt: str) -> None:
        self._dataset = dataset
        self._declaration = dataset.manifest.get("feedback")
        self._items, self._held, self._salt = items, held, salt
        self._first: dict[str, bytes] = {}
        self._copies: Counter[str] = Counter()
        self._part_by_id: dict[str, tuple[str, str, str]] = {}
        self._faults: list[str] = []
        self._weighted = self._weights()

    @property
    def declared(self) -> bool:
        """Whether the manifest declares that rows were weighted."""
        return self._declaration is not None

    def allows(self, line: Mapping[str, Any], split: str, place: str, *, seen: bool) -> bool:
        """Count a line and return whether it may be there.

        Args:
            seen: a line of this id was there before.
        """
        if not self._weighted:
            return not seen
        part = self._part(line)
        if part not in self._weighted or split != Split.TRAIN:
            return not seen
        name = line["id"]
        # A digest: lines are many, and a whole one is kept for its copies alone.
        text = hashlib.blake2b(jsontext.dumps(line), digest_size=16).digest()
        if not seen:
            self._first[name], self._part_by_id[name] = text, part
        elif text != self._first.get(name):
            self._faults.append(f"{place} is no repeat: it was changed")
        self._copies[name] += 1
        return True

    def result(self) -> tuple[str, list[str]]:
        """Return what was checked, and the faults."""
        lines: Counter[tuple[str, str, str]] = Counter()
        rows: Counter[tuple[str, str, str]] = Counter()
        for name, count in self._copies.items():
            part = self._part_by_id.get(name)
            if part:
                rows[part], lines[part] = rows[part] + 1, lines[part] + count
                self._check_copies(name, count, self._weighted[part]["weight"])
        for part, one in self._weighted.items():
            if (rows[part], lines[part]) != (one["rows"], one["lines"]):
                self._faults.append(
                    f"family {part[2]} has {lines[part]} lines of {rows[part]} rows,"
                    f" not {one['lines']} of {one['rows']}"
                )
        more = lines.total() - rows.total()
        self._check_share(more)
        return f"{rows.total()} rows of {len(rows)} families, {more} repeats", self._faults

    def _check_copies(self, name: str, count: int, weight: float) -> None:
        cap = self._declaration["settings"]["cap"]
        if not int(weight) <= count <= min(math.ceil(weight), cap):
            self._faults.append(f"{name} is there {count} times, its weight is {weight:g}")

    def _check_share(self, more: int) -> None:
        total = sum(part["train"] for part in self._declaration["parts"])
        share = self._declaration["settings"]["share"]
        if more and more > share * (total + more) + 1e-9:
            self._faults.append(
                f"{more} of {total + more} training lines are repeats: over {share}"
            )

    def _part(self, line: Mapping[str, Any]) -> tuple[str, str, str]:
        manifest = self._dataset.manifest
        skill = str(line.get("skill") or manifest.get("skill"))
        return skill, str(line.get("role") or manifest.get("role")), line["family"]

    def _weights(self) -> dict[tuple[str, str, str], Mapping[str, Any]]:
        """Return the manifest's weights by part; report what contradicts the evidence."""
        if self._declaration is None:
            return {}
        try:
            evidence = [ItemOutcome(**line) for _, line in self._dataset.records(FEEDBACK)]
            self._check_evidence(evidence)
            self._check_weights(evidence)
            return {
                (part["skill"], part["role"], one["family"]): one
                for part in self._declaration["parts"]
                for one in part["families"]
            }
        except (TypeError, KeyError, ValueError, AttributeError):
            self._faults.append("what the manifest says of feedback cannot be read")
            self._declaration = {"parts": [], "settings": {"cap": 1, "share": 0}}
            return {}

    def _check_evidence(self, evidence: list[ItemOutcome]) -> None:
        from harness_forge.datasets.decontamination.protected import digest

        if self._declaration["split"] != Split.VALIDATION:
            self._faults.append(
                f"rows were weighted by what happened on {self._declaration['split']}"
            )
        for one in evidence:
            known = self._items.get((one.skill, one.item_id))
            if digest(self._salt, one.item_id) in self._held:
                self._faults.append(f"{FEEDBACK} tells of held-out item {one.item_id}")
            elif known is None or known[1] != Split.VALIDATION:
                split = known[1] if known else f"not in {ITEMS}"
                self._faults.append(f"{FEEDBACK} tells of {one.item_id}, which is {split}")

    def _check_weights(self, evidence: list[ItemOutcome]) -> None:
        settings = self._declaration["settings"]
        asked = weights(evidence, **{key: settings[key] for key in _SETTINGS})
        said = {
            (one["skill"], one["family"]): one["weight"] for one in self._declaration["families"]
        }
        if said != {family: one.weight for family, one in asked.items()}:
            self._faults.append(f"the weights are not what {FEEDBACK} comes to")
        for part in self._declaration["parts"]:
            for one in part["families"]:
                if one["weight"] > said.get((part["skill"], one["family"]), 1.0):
                    self._faults.append(f"family {one['family']} weighs more than it should")
