"""The held-out set of a dataset: protects it from training rows, and writes it as hashes.

Whoever has the dataset can prove with it alone that nothing held out is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.core.dataset_files import HELD_OUT, ITEMS
from harness_forge.core.records import Split
from harness_forge.datasets.leakage import guard, held_out_texts, near_identical
from harness_forge.datasets.leakage.guard import TRAINABLE
from harness_forge.datasets.sql import reading

if TYPE_CHECKING:
    import psycopg

    from harness_forge.datasets.decontamination.protected import ProtectedQuestion, ProtectedTexts
    from harness_forge.datasets.formats.folder import DatasetFolder

_FEW_WORDS = 6
"""An opening with fewer words that many items share is a greeting."""
_NEARLY_ALL, _SOME = 0.9, 5
"""Share and least number of training items from which a shared opening is no question."""


class HeldOutSet:
    """The items of a dataset's skills, and the texts that must not be in it.

    Args:
        connection: sees the moment of the store that rows are read at.
        skills: in order.
        config: what is protected.
        name: gives an item's id as the dataset may tell it.
        salt: mixed into the hashes, so that those of two datasets cannot be joined.

    Raises:
        ExportError: a suite cannot be read.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        skills: Sequence[str],
        config: ContaminationConfig,
        salt: str,
        name: Callable[[str], str] = str,
    ) -> None:
        from harness_forge.datasets.decontamination.protected import ProtectedTexts, digest

        self.salt, self._config, self._name = salt, config, name
        self._places = list(guard.places(connection, skills))
        strict = near_identical.strictest(self._places)
        kept = {skill: {} for skill in skills}
        for (skill, item_id), split in strict.items():
            kept[skill][item_id] = split
        items = {item_id for splits in kept.values() for item_id in held_out_texts.items(splits)}
        self.items = sorted(digest(salt, name(item_id)) for item_id in items)
        self.protected: ProtectedTexts | None = None
        if config.enabled:
            texts = [*self._held(connection, kept), *self._suites()]
            beside = list(self._others(connection, kept)) if texts else []
            self.protected = ProtectedTexts.of(
                [(name(of), *said) for of, *said in texts],
                config,
                salt,
                [(name(of), *said) for of, *said in beside],
                stock=self._stock(connection, kept) if texts else (),
                openings=self._openings(connection, kept),
            )

    def write(self, folder: DatasetFolder) -> None:
        """Write the held-out set as hashes, and the usable items with their groups."""
        for item in self.items:
            folder.write(HELD_OUT, {"of": item, "words": 0, "needed": 0, "runs": []})
        for record in self.protected.records() if self.protected else ():
            folder.write(HELD_OUT, record)
        for (skill, item_id), (group, split) in sorted(self._usable().items()):
            line = {
                "skill": skill,
                "item_id": self._name(item_id),
                "group": self._name(group),
                "split": split,
            }
            folder.write(ITEMS, line)

    def validates(self, skill: str, item_id: str) -> bool:
        """Return whether an item is for validation, and held out in no skill."""
        from harness_forge.datasets.decontamination.protected import digest

        usable = self._usable_items.get((skill, item_id), ("", ""))[1] == Split.VALIDATION
        return usable and digest(self.salt, self._name(item_id)) not in self._held_items

    @cached_property
    def _usable_items(self) -> dict[tuple[str, str], tuple[str, str]]:
        return self._usable()

    @cached_property
    def _held_items(self) -> frozenset[str]:
        return frozenset(self.items)

    def _usable(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Return group and split of every usable item, by skill and item id.

        An item that changed its group, and its side with it, is not among them.
        """
        places: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        for skill, item_id, group, split in self._places:
            places[skill, item_id].add((group or "", split or ""))
        return {
            item: min(found)
            for item, found in places.items()
            if len({split for _, split in found}) == 1 and min(found)[1] in TRAINABLE
        }

    def facts(self) -> dict[str, Any]:
        """Return the facts for the manifest."""
        texts = len(self.protected) if self.protected else 0
        settings = asdict(self._config) | {"suites": sorted(self._config.suites)}
        return {"salt": self.salt, "items": len(self.items), "texts": texts, "settings": settings}

    def _held(self, connection, kept) -> Iterator[held_out_texts.Text]:
        if self._config.holdout:
            for skill, splits in kept.items():
                reading.enter(connection, skill)
                yield from held_out_texts.texts(connection, held_out_texts.items(splits))

    def _others(self, connection, kept) -> Iterator[held_out_texts.Text]:
        for skill, splits in kept.items():
            reading.enter(connection, skill)
            yield from held_out_texts.texts(connection, held_out_texts.others(splits))

    def _stock(self, connection, kept) -> Iterator[str]:
        for skill, splits in kept.items():
            reading.enter(connection, skill)
            yield from held_out_texts.stock(connection, held_out_texts.others(splits))

    def _openings(self, connection, kept) -> dict[str, ProtectedQuestion]:
        """Return the questions of validation and held-out items, which no row may open with."""
        from harness_forge.datasets.decontamination.protected import (
            ProtectedQuestion,
            question_digest,
        )

        found: dict[str, ProtectedQuestion] = {}
        if not self._config.holdout:
            return found
        trained: dict[str, set[str]] = defaultdict(set)
        words: dict[str, int] = {}
        for skill, splits in kept.items():
            reading.enter(connection, skill)
            strict = [
                item_id for item_id, split in splits.items() if near_identical.rank(split) > 0
            ]
            for item_id, asked in held_out_texts.questions(connection, sorted(strict)):
                for text in asked:
                    one = ProtectedQuestion(
                        self._name(item_id), min(near_identical.rank(splits[item_id]), 2)
                    )
                    mark = question_digest(self.salt, text)
                    found[mark] = max(found.get(mark, one), one, key=lambda one: one.strict)
                    words[mark] = len(text.split())
            of_training = [
                item_id
                for item_id in held_out_texts.others(splits)
                if near_identical.rank(splits[item_id]) == 0
            ]
            for item_id, asked in held_out_texts.questions(connection, of_training):
                for text in asked:
                    trained[question_digest(self.salt, text)].add(f"{skill}/{item_id}")
        there = len(set().union(*trained.values()))
        return {
            mark: one
            for mark, one in found.items()
            if not self._greets(len(trained.get(mark, ())), there, words[mark])
        }

    def _greets(self, sharing: int, there: int, words: int) -> bool:
        """Return whether enough training items open with a text that it is a greeting."""
        few = words < _FEW_WORDS and sharing > self._config.common
        return few or sharing >= max(_SOME, _NEARLY_ALL * there)

    def _suites(self) -> Iterator[tuple[str, str]]:
        from harness_forge.datasets.decontamination import suites

        for name, path in self._config.suites.items():
            yield from suites.texts(name, Path(path))
