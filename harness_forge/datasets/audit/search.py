"""Searches every text of a dataset for secrets and canaries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness_forge.core.dataset_files import CARD, ITEMS, LEDGER, MANIFEST
from harness_forge.core.digest_set import DigestSet
from harness_forge.datasets.audit.dataset import Dataset
from harness_forge.datasets.audit.views import InnerJson, texts

_CACHED_TOOL_LISTS = 16
"""Number of lists of tools known to hold no secret."""
_SHORT, _REMEMBERED = 64, 4096
"""Characters of a text that is remembered itself, and how many are."""


class TextSearch:
    """Searches lines, one after the other.

    Args:
        dataset: the folder.
        canaries: words that must not be in it.
        inner: parses JSON inside texts.
    """

    def __init__(self, dataset: Dataset, canaries: Sequence[str], inner: InnerJson) -> None:
        self._dataset, self._inner = dataset, inner
        self.canaries = [word for word in canaries if word]
        self._redactor = _redactor(dataset)
        self._secrets: list[str] = []
        self._found: list[str] = []
        self._clean_tools: list[Any] = []
        self._clean: set[str] = set()
        self._searched = DigestSet()

    def look(self, line: Mapping[str, Any], place: str) -> None:
        """Search a line."""
        if self._redactor is None and not self.canaries:
            return
        tools = line.get("tools")
        known = tools is not None and tools in self._clean_tools
        said = {key: value for key, value in line.items() if key != "tools"} if known else line
        found = texts(said, self._inner)
        clean = self._hold_no_canary(found, place)
        clean = self._hold_no_secret(found, place) and clean
        # Nearly every line offers the same tools.
        more = len(self._clean_tools) < _CACHED_TOOL_LISTS
        if clean and more and tools is not None and not known:
            self._clean_tools.append(tools)

    def secrets(self) -> tuple[str, list[str]]:
        """Return what was searched for secrets, and the faults."""
        if self._redactor is None:
            return "texts are as they were: this dataset was not redacted", []
        return "no secret, name or address is found", self._secrets

    def canaries_found(self) -> list[str]:
        """Return where canaries are, in the other files too."""
        for name in (LEDGER, ITEMS) if self.canaries else ():
            for number, record in self._dataset.records(name):
                self._hold_no_canary(texts(record, self._inner), f"{name} line {number}")
        for name in (MANIFEST, CARD) if self.canaries else ():
            path = self._dataset.path / name
            if path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                self._hold_no_canary([text], name)
        return self._found

    def _hold_no_secret(self, found: Sequence[str], place: str) -> bool:
        """Search texts that were not searched before; most hold nothing and are searched as one."""
        if self._redactor is None:
            return True
        new = [text for text in found if not self._is_known(text)]
        if not new or self._redactor.finds_nothing_in(new):
            for text in new:
                self._remember(text)
            return True
        before = len(self._secrets)
        for text in new:
            if self._is_known(text):
                continue
            findings = self._redactor.findings(text)
            self._secrets += [f"{place} holds a {one.kind}" for one in findings]
            if not findings:
                self._remember(text)
        return before == len(self._secrets)

    def _is_known(self, text: str) -> bool:
        # The turns of a conversation repeat it: a text is looked through once.
        return text in self._clean if len(text) <= _SHORT else _mark(text) in self._searched

    def _remember(self, text: str) -> None:
        if len(text) > _SHORT:
            if (mark := _mark(text)) not in self._searched:
                self._searched.add(mark)
        elif len(self._clean) < _REMEMBERED:
            self._clean.add(text)

    def _hold_no_canary(self, found: Iterable[str], place: str) -> bool:
        before = len(self._found)
        for text in found if self.canaries else ():
            for number, word in enumerate(self.canaries, start=1):
                if word in text:
                    self._found.append(f"{place} holds canary {number}")
        return before == len(self._found)


def _mark(text: str) -> bytes:
    # A text must not be passed over because it was made to have another's digest.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _redactor(dataset: Dataset):
    from harness_forge.config.redaction import RedactionConfig
    from harness_forge.datasets.redaction.redactor import Redactor

    said = (dataset.manifest.get("redaction") or {}).get("settings") or {}
    if not said.get("enabled"):
        return None
    # The key only makes pseudonyms, and none is made here.
    return Redactor(RedactionConfig(**said), b"\0" * 32)
