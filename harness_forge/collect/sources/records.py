"""What a reader yields, one after the other, in the order of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from harness_forge.core.records import Attempt, WorkItem


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """One attempt as the source has it.

    Args:
        place: line or element it ended at, from 1.
        run: what sets its run apart within the source.
        policy: who acted: `model:<name>` or `recorded`.
        attempt: number 0 asks for the next one of its run and item.
        outcome: what became of the item, in the store's words, where the
            source says; None where it does not.
    """

    place: int
    run: str
    policy: str
    item: WorkItem
    attempt: Attempt
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the source that becomes no row, and why.

    Args:
        malformed: it cannot be read at all, or does not fit the mapping.
        pending: only because the file ends here: it is looked at again when
            the file has grown.
    """

    place: int
    reason: str
    detail: str = ""
    malformed: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """What a file's messages hold that nothing reads, or its outcomes leave open; it comes last.

    Args:
        said: in words, with an example and what can be done; without a name of the file.
    """

    said: str
    place: int = 0
    pending: bool = True


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the source says of a run, to be kept with it.

    Args:
        policy: as in `RecordedAttempt`.
        facts: go with the run's settings; `summary` with what it came to.
        pending: as in `LeftOut`.
    """

    place: int
    run: str
    policy: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a run's log, kept as it is.

    Args:
        policy: as in `RecordedAttempt`.
        item_id: the work item that it names.
    """

    place: int
    run: str
    policy: str
    event_type: str
    at: datetime | None
    elapsed_s: float
    agent: str | None
    item_id: str | None
    data: Mapping[str, Any]


Found = RecordedAttempt | LeftOut | Unread | RunFacts | Event
"""What a reader yields."""
