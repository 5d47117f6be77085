"""The champion of each slot, read from the ledger and written to a pointer file.

A slot is a skill and a role, and has one champion at a time. The ledger is the source;
the pointer file is derived from it, replaced as a whole, and repaired after a kill.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness_forge.core.errors import PromoteError
from harness_forge.core.files import whole_file
from harness_forge.registry.adapters.identity import AdapterIdentity

DECISION, ROLLBACK = "decision", "rollback"
"""The kinds of ledger lines."""
PROMOTED, REJECTED, AWAITING = "promoted", "rejected", "awaiting approval"
"""Decisions; what awaits approval is promoted or rejected by a person's line."""

Line = Mapping[str, Any]


@dataclass(frozen=True)
class ChampionTerm:
    """The time that one adapter is or was champion.

    Args:
        since: when it was promoted, by the ledger.
        line: hash of the ledger line that promoted it.
        facts: that line.
    """

    candidate: AdapterIdentity
    since: str
    line: str
    facts: Line = field(default_factory=dict, compare=False)

    @property
    def version(self) -> str:
        """Its versioned name; '' if it was promoted before versions existed."""
        return (self.facts.get("version") or {}).get("name", "")


def slot_name(skill: str, role: str) -> str:
    """Return the slot of a skill and a role, such as stig.worker."""
    return f"{skill}.{role}"


def slots_of(lines: Sequence[Line]) -> list[str]:
    """Return the slot of each line.

    Old lines have no skill. Such a line takes the slot of the next line with the same
    name that has one, unless that line refuses it (`adopts` is false). Otherwise the
    adapter's name is the slot.
    """
    later: dict[str, str] = {}
    for line in lines:
        if line.get("skill") and line.get("adopts", True):
            later.setdefault(line["candidate"]["name"], slot_name(line["skill"], line["role"]))
    found = []
    for line in lines:
        name = line["candidate"]["name"]
        own = slot_name(line["skill"], line["role"]) if line.get("skill") else later.get(name, name)
        found.append(own)
    return found


def without_skill(lines: Sequence[Line], name: str) -> list[Line]:
    """Return the lines of a name that have no skill."""
    pairs = zip(lines, slots_of(lines), strict=True)
    return [one for one, own in pairs if own == name == one["candidate"]["name"]]


def lines_of(lines: Sequence[Line], slot: str) -> list[Line]:
    """Return the lines of a slot."""
    return [line for line, own in zip(lines, slots_of(lines), strict=True) if own == slot]


def champion_stack(lines: Iterable[Line], slot: str) -> list[ChampionTerm]:
    """Return the current champion of a slot, last, and those before it.

    A promotion pushes one. A rollback pops one, or all above an earlier one; it may
    also bring back one that an earlier rollback removed, or leave none.
    """
    stack: list[ChampionTerm] = []
    past: dict[AdapterIdentity, ChampionTerm] = {}
    for line in lines_of(list(lines), slot):
        one = AdapterIdentity.of(line["candidate"])
        if line["kind"] == ROLLBACK:
            _back(stack, past, line)
        # A champion that is promoted again on new measurements keeps its term.
        elif line["decision"] == PROMOTED and (not stack or stack[-1].candidate != one):
            stack.append(ChampionTerm(one, line["time"], line["hash"], line))
            past[one] = stack[-1]
    return stack


def _back(
    stack: list[ChampionTerm], past: Mapping[AdapterIdentity, ChampionTerm], line: Line
) -> None:
    if "taken_down" not in line:
        stack.pop()
        return
    if line["champion_after"] is None:
        stack.clear()
        return
    up = AdapterIdentity.of(line["champion_after"])
    if up in [term.candidate for term in stack]:
        while stack[-1].candidate != up:
            stack.pop()
    else:
        stack.append(past[up])


def past_champions(lines: Iterable[Line], slot: str) -> list[ChampionTerm]:
    """Return every adapter that was ever champion of a slot, oldest first, each once."""
    found: dict[AdapterIdentity, ChampionTerm] = {}
    for line in lines_of(list(lines), slot):
        if line["kind"] == DECISION and line["decision"] == PROMOTED:
            one = AdapterIdentity.of(line["candidate"])
            found.setdefault(one, ChampionTerm(one, line["time"], line["hash"], line))
    return list(found.values())


def names(lines: Iterable[Line]) -> list[str]:
    """Return the names of adapters that the ledger knows."""
    return sorted({line["candidate"]["name"] for line in lines})


def pointer(home: Path, slot: str) -> Path:
    """Return the file that names the champion of a slot."""
    return home / "champions" / f"{slot}.json"


def point(home: Path, slot: str, stack: list[ChampionTerm]) -> bool:
    """Write the pointer from the ledger; True if it changed.

    Raises:
        PromoteError: it cannot be written; the ledger has the decision, and the
            next `forge champion` writes the pointer.
    """
    path = pointer(home, slot)
    if _read(path) == _facts(stack):
        return False
    try:
        if not stack:
            path.unlink()
            return True
        with whole_file(path) as draft, draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(_facts(stack), indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise PromoteError(str(path), what, "`forge champion` makes it from the ledger") from None
    return True


def remove_stale_pointers(home: Path, lines: Sequence[Line]) -> list[Path]:
    """Remove the pointers of slots that no line has any more, and return them.

    A name is a slot until a line gives it a skill. Its old pointer would still
    name a champion that may be outdated.
    """
    kept = {pointer(home, slot) for slot in slots_of(lines)}
    found = sorted((home / "champions").glob("*.json"))
    gone = [place for place in found if place not in kept and _read(place)]
    for place in gone:
        place.unlink(missing_ok=True)
    return gone


def _facts(stack: list[ChampionTerm]) -> dict[str, Any] | None:
    if not stack:
        return None
    top = stack[-1]
    one = top.candidate
    facts = {
        "name": one.name,
        "digest": one.digest,
        "adapter": one.label,
        "since": top.since,
        "line": top.line,
    }
    said = {key: top.facts[key] for key in ("skill", "role", "target") if top.facts.get(key)}
    return facts | said | ({"version": top.version} if top.version else {})


def _read(place: Path) -> dict[str, Any] | None:
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
