"""Checks that no prompt of training is one of validation, or nearly so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from harness_forge.core.sketches.openings import task_of, telling
from harness_forge.datasets.audit.digests import digest
from harness_forge.datasets.audit.views import View

_MAX_COMPARED = 200_000
"""Most prompts compared for near-identity; all prompts are compared exactly."""
_NEARLY_ALL, _SOME, _FEW_WORDS, _GREETED = 0.9, 5, 6, 10
"""Limits by which a shared opening counts as a greeting: see `HeldOutSet`."""


@dataclass(slots=True)
class _Prompt:
    """One prompt.

    Args:
        split, place: of the line that has it first.
        task: how it opens; '' for a greeting, or where too many are known.
        few: it is of few words.
        item: of training, that had it last; items: how many did, one after the other.
        elsewhere: a line of the other split that has it; '' for none.
    """

    split: str
    place: str
    task: str
    few: bool
    item: str
    items: int
    elsewhere: str = ""


class Prompts:
    """Remembers what each line asks."""

    def __init__(self) -> None:
        self._prompts: dict[bytes, _Prompt] = {}
        self._trained: set[str] = set()
        self.asking_the_same: set[str] = set()
        """Items of training that ask what validation asks, or nearly; see `near_identical`."""

    def remember(self, said: View, split: str, item: str, place: str) -> None:
        """Remember the prompt of a line."""
        if split == "train":
            self._trained.add(item)
        mark = digest(said.question)
        before = self._prompts.get(mark)
        if before is None:
            # What will not be compared word by word is not kept: prompts are most of a dataset.
            kept = split != "train" or len(self._prompts) < _MAX_COMPARED
            task = _task(said) if kept else ""
            few = len(said.question[:100].split()) < _FEW_WORDS
            self._prompts[mark] = _Prompt(split, place, task, few, item, 1)
            return
        if before.split != split and not before.elsewhere:
            before.elsewhere = place
        if split == "train" and item != before.item:
            before.item, before.items = item, before.items + 1

    def near_identical(self) -> tuple[str, list[str]]:
        """Return what was compared, and the faults."""
        # What nearly every item of training opens with is no question.
        most = max(_SOME, _NEARLY_ALL * len(self._trained))
        same = [
            one
            for one in self._prompts.values()
            if one.elsewhere and not (one.items >= most or (one.few and one.items > _GREETED))
        ]
        faults = [f"{one.elsewhere} asks what {one.place} asks" for one in same]
        self.asking_the_same.update(one.item for one in same)
        # Validation first: where there are too many, all of the fewer are compared.
        asked = sorted(self._prompts.values(), key=lambda one: one.split != "validation")
        asked = [one for one in asked if one.task][:_MAX_COMPARED]
        if len({one.split for one in asked}) > 1:
            near = _near_pairs(asked, most)
            faults += [f"{one.place} asks nearly what {other.place} asks" for one, other in near]
            trained = (one for pair in near for one in pair if one.split == "train")
            self.asking_the_same.update(one.item for one in trained)
        looked_at = f"{len(self._prompts)} prompts"
        if len(asked) < len(self._prompts):
            looked_at += f", {len(asked)} of them compared word by word"
        return looked_at, faults


def _task(said: View) -> str:
    if said.messages:
        return task_of(said.messages)
    return said.question if telling(said.question) else ""


def _near_pairs(asked: list[_Prompt], most: float) -> list[tuple[_Prompt, _Prompt]]:
    from harness_forge.core.sketches.openings import nearly_same

    sharing: dict[str, set[str]] = defaultdict(set)
    for one in asked:
        if one.split == "train":
            sharing[one.task].add(one.item)
    found = []
    for one, first in zip(asked, nearly_same(one.task for one in asked).tolist(), strict=True):
        near = asked[first]
        stock = near.task == one.task and len(sharing[one.task]) >= most
        if near.split != one.split and not stock:
            found.append((one, near))
    return found
