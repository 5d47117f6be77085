"""What the ledger of decisions says of each slot within the last days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness_forge.registry import champion, decisions


@dataclass(frozen=True)
class SlotState:
    """One slot.

    Args:
        slot: a skill and a role.
        champion: the adapter's name with its hash; '' for none.
        version: of the champion; '' for none.
        changed: when the champion last changed; else when a decision was first made.
        decided: decisions since then.
        rollbacks: within the window.
    """

    slot: str
    skill: str
    champion: str
    version: str
    changed: datetime
    decided: int
    rollbacks: int


def slots(home: Path, since: datetime, now: datetime) -> list[SlotState]:
    """Return the slots of the ledger, which is verified and not changed.

    Raises:
        PromoteError: a line was changed, or lines are missing.
    """
    lines = decisions.read(home)
    return [_slot(lines, name, since, now) for name in sorted(set(champion.slots_of(lines)))]


def _slot(lines: list[decisions.Line], name: str, since: datetime, now: datetime) -> SlotState:
    own = champion.lines_of(lines, name)
    stack = champion.champion_stack(lines, name)
    changes = [place for place, line in enumerate(own) if _changes(own[:place], line)]
    last = changes[-1] if changes else 0
    back = [line for line in own if line["kind"] == champion.ROLLBACK]
    return SlotState(
        slot=name,
        skill=next((line["skill"] for line in reversed(own) if line.get("skill")), ""),
        champion=stack[-1].candidate.label if stack else "",
        version=stack[-1].version if stack else "",
        changed=decisions.time_of(own[last]),
        decided=sum(line["kind"] != champion.ROLLBACK for line in own[last + bool(changes) :]),
        rollbacks=sum(since <= decisions.time_of(line) <= now for line in back),
    )


def _changes(before: list[decisions.Line], line: decisions.Line) -> bool:
    """Return whether a line put up another champion than the one before it."""
    if line["kind"] == champion.ROLLBACK:
        return True
    if line["decision"] != "promoted":
        return False
    tops = [one.get("champion_after") or one["candidate"] for one in before if _moved(one)]
    return not tops or tops[-1] != line["candidate"]


def _moved(line: decisions.Line) -> bool:
    return line["kind"] == champion.ROLLBACK or line["decision"] == "promoted"
