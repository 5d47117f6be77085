"""What an ingestion came to, and what of it is kept between two calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness_forge.store.splits.one_group import OneGroup

SHOWN = 10
"""Malformed lines that are shown with their place."""


@dataclass
class FileReport:
    """What one file, or one database, came to so far, over all calls.

    Args:
        source: its name, as shown.
        found: things the reader gave out and that were dealt with.
        place: line or element that was dealt with last.
        read: records, whatever became of them.
        attempts, turns, tips: rows.
        passed, without_verdict: attempts.
        malformed: lines that could not be read; the first ones are in `first_malformed`.
        left_out: what became no row, by reason; `first_left_out` says where the first of each
            is.
        notes: what cannot be exported of it, and why, by role.
        complete: its end was reached.
        added: attempts that this call wrote.
        known: it was taken in before and holds nothing new, so this call did not read it.
        unread: fields of its messages that nothing reads, and calls in no known form, a sentence
            each. Only of a file that this call read: the sentences hold examples, which are
            not kept.
    """

    source: str
    found: int = 0
    place: int = 0
    read: int = 0
    attempts: int = 0
    turns: int = 0
    tips: int = 0
    passed: int = 0
    without_verdict: int = 0
    malformed: int = 0
    first_malformed: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    first_left_out: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    added: int = 0
    known: bool = False
    unread: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, source: str, state: dict[str, Any]) -> FileReport:
        """Return the report that goes on where a noted one stopped."""
        known = {key: state[key] for key in cls.__dataclass_fields__ if key in state}
        known.setdefault("read", known.get("place", 0))  # of a note that did not count them
        return cls(**known | {"source": source, "added": 0, "complete": False})

    def noted(self) -> dict[str, Any]:
        """Return what must be known to go on."""
        own = ("added", "known", "unread")
        return {key: value for key, value in asdict(self).items() if key not in own}

    def leave_out(self, reason: str, place: int = 0) -> None:
        """Count something that becomes no row."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        self.first_left_out.setdefault(reason, place)

    def spoil(self, place: int, reason: str, detail: str) -> None:
        """Count a malformed line."""
        self.malformed += 1
        self.leave_out(reason, place)
        if len(self.first_malformed) < SHOWN:
            self.first_malformed.append(f"{place}: {reason}{': ' if detail else ''}{detail}")


@dataclass
class IngestReport:
    """What an ingestion came to.

    Args:
        skill: the schema that the rows are in.
        files: one a file.
        splits: groups that were given a split, by split.
        passed_over: files in the folder that `source.files` does not name.
        hint: what is likely to be wrong with the settings; '' for nothing.
        one_group: nearly all items of the skill, where these cannot be divided.
    """

    skill: str
    files: list[FileReport] = field(default_factory=list)
    splits: dict[str, int] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    hint: str = ""
    one_group: OneGroup | None = None

    @property
    def added(self) -> int:
        """Attempts that were written now."""
        return sum(file.added for file in self.files)

    @property
    def left_out(self) -> Counter[str]:
        """What became no row, of all files, by reason."""
        return sum((Counter(file.left_out) for file in self.files), Counter())
