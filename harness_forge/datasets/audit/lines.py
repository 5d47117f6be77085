"""Checks the lines: their schema, their sources, and that no two lines conflict."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.core.dataset_files import CARD, HELD_OUT, ITEMS, LEDGER, MANIFEST
from harness_forge.core.digest_set import DigestSet
from harness_forge.core.sketches.openings import opening, telling
from harness_forge.datasets.audit.dataset import Dataset
from harness_forge.datasets.audit.views import FORMS, View, fault, texts, turns_of, view
from harness_forge.datasets.audit.weighting import Repeats
from harness_forge.datasets.formats.conversation import FORMS as TURNS

NamedResult = tuple[str, str, list[str]]
_BATCH = 500
_CACHED_TOOL_LISTS = 16
"""Number of lists of tools known to hold no secret."""
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


class Lines:
    """Reads every line once and remembers what the checks need.

    Args:
        dataset: the folder.
        canaries: words that must not stand in it.
    """

    def __init__(self, dataset: Dataset, canaries: Sequence[str] = ()) -> None:
        self._dataset, self._canaries = dataset, [word for word in canaries if word]
        self._form = str(dataset.manifest.get("format"))
        self._faults: dict[str, list[str]] = defaultdict(list)
        self._count = 0
        self._ids: dict[str, str] = {}
        self._turns: dict[bytes, str] = {}
        self._learned: dict[bytes, str] = {}
        self._unlearned: dict[bytes, str] = {}
        self._prompts: dict[bytes, _Prompt] = {}
        self._trained: set[str] = set()
        self._item_splits: dict[tuple[str, str], str] = {}
        self._secrets: Counter[str] = Counter()
        self._searched = DigestSet()
        self._clean_tools: list[Any] = []
        self._waiting: list[tuple[str, str]] = []
        self._sources = self._ledger_sources()
        self._items = self._stored_items()
        self._salt = str((dataset.manifest.get("held_out") or {}).get("salt", ""))
        self._held, self._protected = self._stored_held_out()
        self._repeats = Repeats(dataset, self._items, self._held, self._salt)
        self._redactor = self._build_redactor()

    def read(self) -> None:
        """Read the data files, line by line."""
        if self._form not in FORMS:
            self._faults["schema"].append(f"unknown format '{self._form}'")
            return
        for split, name in self._dataset.data_files.items():
            for number, line in self._dataset.records(name):
                self._count += 1
                self._read(line, split, name, number)
        self._check_protected()
        self._check_canaries_in_other_files()
        for (name, number), _ in self._sources.items():
            self._faults["sources"].append(f"{name} line {number} is in the ledger and not there")

    @property
    def unique_lines(self) -> int:
        """Number of lines that repeat no other."""
        return len(self._ids)

    def results(self) -> Iterator[NamedResult]:
        """Yield the name of each check, what it looked at, and its faults."""
        count, faults = self._count, self._faults
        items = len(self._item_splits)
        yield "schema", f"{count} lines of format {self._form}", faults["schema"]
        yield "sources", f"{count} lines, each with its rows of the ledger", faults["sources"]
        turns = f", {len(self._turns)} turns, each learned once" if self._turns else ""
        yield "repeats", f"{len(self._ids)} ids{turns}", faults["repeats"]
        if self._repeats.declared:
            yield "feedback", *self._repeats.result()
        yield (
            "contradictions",
            f"{len(self._learned)} answers to learn, {len(self._unlearned)} to unlearn",
            self._contradictions(),
        )
        yield "splits", f"{items} items in {self._groups()} groups", self._split_faults()
        yield "near-identical prompts", *self._near_identical()
        yield (
            "holdout",
            f"{len(self._held)} items and {len(self._protected or ())} texts kept for measuring",
            faults["holdout"],
        )
        yield "secrets", *self._secret_faults()
        if self._canaries:
            yield "canaries", f"{len(self._canaries)} looked for", faults["canaries"]

    def _read(self, line: Any, split: str, name: str, number: int) -> None:
        place = f"{name} line {number}"
        if wrong := fault(line, self._form):
            self._faults["schema"].append(f"{place}: {wrong}")
            self._sources.pop((name, number), None)
            return
        if line["split"] != split:
            self._faults["splits"].append(f"{place} says it is for {line['split']}")
        turns = turns_of(line, self._form) if self._form in TURNS else None
        self._check_source(line, name, number, place, turns)
        if not self._repeats.allows(line, split, place, seen=line["id"] in self._ids):
            self._faults["repeats"].append(f"{place} repeats {self._ids[line['id']]}")
        elif line["id"] not in self._ids:
            self._check_turns(turns or (), place)
        self._ids.setdefault(line["id"], place)
        self._check_item(line, split, place)
        self._remember(view(line, self._form), split, line["item_id"], place)
        self._check_secrets(line, place)

    def _check_source(
        self, line: Mapping[str, Any], name: str, number: int, place: str, taught: list | None
    ) -> None:
        own = {line["source"], line.get("rejected_source", line["source"])}
        entered = self._sources.pop((name, number), set())
        turns = len(entered) if taught is None else len(taught)
        if own != entered and not (own < entered and len(entered) == turns):
            rows = ", ".join(sorted(entered)) or "no row"
            self._faults["sources"].append(f"{place} is of {line['source']}, the ledger has {rows}")
        elif self._form in TURNS and turns != len(entered):
            what = f"{place} teaches {turns} turns and is of {len(entered)} rows of the ledger"
            self._faults["sources"].append(what)

    def _check_turns(self, turns: Iterable[bytes], place: str) -> None:
        """Report turns that another line teaches too; a turn includes all messages before it."""
        for turn in turns:
            before = self._turns.setdefault(turn, place)
            if before != place:
                self._faults["repeats"].append(f"{place} teaches a turn that {before} teaches")

    def _check_item(self, line: Mapping[str, Any], split: str, place: str) -> None:
        from harness_forge.datasets.decontamination.protected import digest

        if not line["item_id"] and self._dataset.manifest.get("mix_in"):
            if split != "train":  # general data is of no item, and nothing to be measured by
                self._faults["splits"].append(f"{place} is general data")
            return
        item = str(line.get("skill") or self._dataset.manifest.get("skill")), line["item_id"]
        known = self._items.get(item)
        if known is None:
            self._faults["splits"].append(f"{place}: item {item[1]} is not in {ITEMS}")
        elif known[1] != split:
            self._faults["splits"].append(f"{place}: item {item[1]} is for {known[1]}")
        if self._item_splits.setdefault(item, split) != split:
            self._faults["splits"].append(f"item {item[1]} is in both splits")
        if digest(self._salt, line["item_id"]) in self._held:
            self._faults["holdout"].append(f"{place} is of a held-out item")

    def _remember(self, said: View, split: str, item: str, place: str) -> None:
        for answer, kept in ((said.learned, self._learned), (said.unlearned, self._unlearned)):
            if answer:
                kept.setdefault(_digest(said.prompt, answer), place)
        self._remember_question(said, split, item, place)
        if self._protected and self._protected.opening_overlap(
            said.messages, trains=split == "train"
        ):
            self._faults["holdout"].append(f"{place} opens with a held-out question")
        self._waiting.append((place, f"{said.prompt}\n{said.learned}\n{said.unlearned}"))
        if len(self._waiting) >= _BATCH:
            self._check_protected()

    def _remember_question(self, said: View, split: str, item: str, place: str) -> None:
        if split == "train":
            self._trained.add(item)
        before = self._prompts.get(_digest(said.question))
        if before is None:
            # What will not be compared word by word is not kept: prompts are most of a dataset.
            kept = split != "train" or len(self._prompts) < _MAX_COMPARED
            task = opening(said.messages) if said.messages else said.question
            task = task if kept and telling(task) else ""
            few = len(said.question[:100].split()) < _FEW_WORDS
            self._prompts[_digest(said.question)] = _Prompt(split, place, task, few, item, 1)
            return
        if before.split != split and not before.elsewhere:
            before.elsewhere = place
        if split == "train" and item != before.item:
            before.item, before.items = item, before.items + 1

    def _check_protected(self) -> None:
        if self._protected and self._waiting:
            found = self._protected.owners_in([text for _, text in self._waiting])
            for (place, _), held in zip(self._waiting, found, strict=True):
                if held is not None:
                    self._faults["holdout"].append(f"{place} holds words of a held-out text")
        self._waiting.clear()

    def _check_secrets(self, line: Mapping[str, Any], place: str) -> None:
        for key, value in line.items():
            if key != "tools" or value not in self._clean_tools:
                clean = self._search(value, place)
                # Nearly every line offers the same tools.
                if key == "tools" and clean and len(self._clean_tools) < _CACHED_TOOL_LISTS:
                    self._clean_tools.append(value)

    def _search(self, value: Any, place: str) -> bool:
        """Search a value for secrets and canaries; return whether it holds none."""
        before = len(self._faults["secrets"]) + len(self._faults["canaries"])
        for text in texts(value):
            self._check_canaries(text, place)
            if self._redactor is None:
                continue
            # The turns of a conversation repeat it: a text is looked through once.
            if (mark := _digest(text)) in self._searched:
                continue
            found = list(self._redactor.findings(text))
            for one in found:
                self._secrets[one.kind] += 1
                self._faults["secrets"].append(f"{place} holds a {one.kind}")
            if not found:
                self._searched.add(mark)
        return before == len(self._faults["secrets"]) + len(self._faults["canaries"])

    def _check_canaries(self, text: str, place: str) -> None:
        for number, word in enumerate(self._canaries, start=1):
            if word in text:
                self._faults["canaries"].append(f"{place} holds canary {number}")

    def _check_canaries_in_other_files(self) -> None:
        for name in (LEDGER, ITEMS) if self._canaries else ():
            for number, record in self._dataset.records(name):
                for text in texts(record):
                    self._check_canaries(text, f"{name} line {number}")
        for name in (MANIFEST, CARD) if self._canaries else ():
            path = self._dataset.path / name
            if path.is_file():
                self._check_canaries(path.read_text(encoding="utf-8", errors="replace"), name)

    def _contradictions(self) -> list[str]:
        both = self._learned.keys() & self._unlearned.keys()
        return sorted(
            f"{self._learned[one]} teaches what {self._unlearned[one]} teaches to avoid"
            for one in both
        )

    def _split_faults(self) -> list[str]:
        sides = defaultdict(set)
        for (skill, _), (group, split) in self._items.items():
            sides[skill, group].add(split)
        torn = sorted(group for (_, group), splits in sides.items() if len(splits) > 1)
        return self._faults["splits"] + [f"group {group} is in both splits" for group in torn]

    def _groups(self) -> int:
        used = {
            (item[0], self._items[item][0]) for item in self._item_splits if item in self._items
        }
        return len(used)

    def _near_identical(self) -> tuple[str, list[str]]:
        from harness_forge.core.sketches.clusters import clusters

        # What nearly every item of training opens with is no question.
        most = max(_SOME, _NEARLY_ALL * len(self._trained))
        faults = [
            f"{one.elsewhere} asks what {one.place} asks"
            for one in self._prompts.values()
            if one.elsewhere and not (one.items >= most or (one.few and one.items > _GREETED))
        ]
        # Validation first: where there are too many, all of the fewer are compared.
        asked = sorted(self._prompts.values(), key=lambda one: one.split != "validation")
        asked = [one for one in asked if one.task][:_MAX_COMPARED]
        sharing = defaultdict(set)
        for one in asked:
            if one.split == "train":
                sharing[one.task].add(one.item)
        if len({one.split for one in asked}) > 1:
            for one, first in zip(asked, clusters([one.task for one in asked]), strict=True):
                near = asked[first]
                stock = near.task == one.task and len(sharing[one.task]) >= most
                if near.split != one.split and not stock:
                    faults.append(f"{one.place} asks nearly what {near.place} asks")
        looked_at = f"{len(self._prompts)} prompts"
        if len(asked) < len(self._prompts):
            looked_at += f", {len(asked)} of them compared word by word"
        return looked_at, faults

    def _secret_faults(self) -> tuple[str, list[str]]:
        if self._redactor is None:
            return "texts are as they were: this dataset was not redacted", []
        return "no secret, name or address is found", self._faults["secrets"]

    def _ledger_sources(self) -> dict[tuple[str, int], set[str]]:
        """Return the sources of each line's rows, by file and line number."""
        rows: dict[tuple[str, int], set[str]] = defaultdict(set)
        for _, line in self._dataset.records(LEDGER):
            if isinstance(line, dict) and line.get("kept") is True:
                for number in line.get("lines") or ():
                    rows[line.get("file"), number].add(line.get("source"))
        return dict(rows)

    def _stored_items(self) -> dict[tuple[str, str], tuple[str, str]]:
        items = {}
        for number, line in self._dataset.records(ITEMS):
            try:
                key = line["skill"], line["item_id"]
                value = line["group"], line["split"]
            except (TypeError, KeyError):
                self._faults["splits"].append(f"{ITEMS} line {number} is no item")
                continue
            if items.setdefault(key, value)[1] != value[1]:
                self._faults["splits"].append(f"item {key[1]} has two splits in {ITEMS}")
        return items

    def _stored_held_out(self):
        from harness_forge.datasets.decontamination.protected import ProtectedTexts

        said = self._dataset.manifest.get("held_out")
        if not isinstance(said, dict):
            self._faults["holdout"].append("the manifest does not say what is held out")
            return set(), None
        records = [one for _, one in self._dataset.records(HELD_OUT)]
        try:
            held = {one["of"] for one in records}
            protected = ProtectedTexts.load(self._salt, records)
        except (TypeError, KeyError, ValueError):
            self._faults["holdout"].append(f"{HELD_OUT} cannot be read")
            return set(), None
        if len(protected) != said.get("texts") or len(held) < said.get("items", 0):
            self._faults["holdout"].append(f"{HELD_OUT} is not what the manifest says")
        return held, protected

    def _build_redactor(self):
        from harness_forge.config.redaction import RedactionConfig
        from harness_forge.datasets.redaction.redactor import Redactor

        said = (self._dataset.manifest.get("redaction") or {}).get("settings") or {}
        if not said.get("enabled"):
            return None
        # The key only makes pseudonyms, and none is made here.
        return Redactor(RedactionConfig(**said), b"\0" * 32)


def _digest(*parts: str) -> bytes:
    words = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(words, digest_size=16).digest()
