"""Rows of attempts that were recorded elsewhere; the intake numbers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from harness_forge.core.records import Attempt, WorkItem
from harness_forge.store import rows
from harness_forge.store.json_texts import JsonTexts
from harness_forge.store.shared_messages import SharedMessages


@dataclass(frozen=True, slots=True)
class AttemptEntry:
    """One attempt to be written.

    Args:
        attempt: a number that is 0 or taken becomes the next free one.
        outcome: the item's outcome, if the source says it.
        texts: of the attempt's values, as far as they were written already.
    """

    run_id: str
    item: WorkItem
    attempt: Attempt
    outcome: str | None = None
    texts: JsonTexts = field(default_factory=JsonTexts, compare=False, repr=False)


def of_catalogue(entry: AttemptEntry, known: Mapping[str, WorkItem]) -> AttemptEntry:
    """Return the entry with the catalogue's item, and its own evaluator."""
    item = known.get(entry.item.item_id)
    if item is None:
        return entry
    return replace(entry, item=replace(item, digest=entry.item.digest or item.digest))


def attempt_row(attempt_id: int, entry: AttemptEntry) -> rows.Row:
    """Return the row of `attempts`."""
    turns = entry.attempt.turns
    index = _decisive(entry.attempt)
    row = rows.attempt_row(entry.run_id, entry.attempt, None if index is None else turns[index])
    made = {"id": attempt_id, **row}
    # When it was made, if that is known, not when it was ingested.
    times = [turn.started_at for turn in turns if turn.started_at]
    when = turns[index].started_at if index is not None else None
    when = when or next(iter(times), None)
    return {**made, "created_at": when or datetime.now(UTC)}


def turn_rows(
    attempt_id: int, entry: AttemptEntry, shared: SharedMessages | None = None
) -> Iterable[rows.Row]:
    """Yield the rows of `turns`.

    Args:
        shared: the attempt's messages, if they have rows of their own.
    """
    attempt = entry.attempt
    decisive = _decisive(attempt)
    for place, turn in enumerate(attempt.turns):
        is_decisive = place == decisive
        yield rows.turn_row(
            entry.run_id, attempt_id, attempt, place, turn, is_decisive, entry.texts, shared
        )


def tip_rows(attempt_id: int, entry: AttemptEntry) -> Iterable[rows.Row]:
    """Yield the rows of `tips`."""
    for tip in entry.attempt.tips:
        yield rows.tip_row(entry.run_id, attempt_id, entry.attempt, tip)


def _decisive(attempt: Attempt) -> int | None:
    """Return the index of the decisive turn: the worker's, or the last one."""
    index = rows.decisive_turn(attempt)
    if index is None and attempt.turns:
        return len(attempt.turns) - 1
    return index
