"""Who is champion: read off the ledger, and written to a pointer that others follow.

One stands for each skill and role. The ledger is the truth. The pointer file
is made from it, replaced whole, and made again where a kill left it behind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness_forge.core.errors import PromoteError
from harness_forge.registry.candidate import Candidate

DECISION, ROLLBACK = "decision", "rollback"
"""The kinds of ledger lines."""

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Reign:
    """One adapter that stood, or stands, as champion.

    Args:
        since: when it was promoted, as the ledger has it.
        line: hash of the ledger line that promoted it.
        facts: that line.
    """

    candidate: Candidate
    since: str
    line: str
    facts: Line = field(default_factory=dict, compare=False)

    @property
    def version(self) -> str:
        """Return its name with version; '' where it was promoted before versions were counted."""
        return (self.facts.get("version") or {}).get("name", "")


def seat(skill: str, role: str) -> str:
    """Return what one champion is champion of."""
    return f"{skill}.{role}"


def seats(lines: Sequence[Line]) -> list[str]:
    """Return the seat that each line is about.

    A line from before skills were written down is about that of the next line
    with the same name which has one, unless that line says it is of another
    skill (`adopts`); else the name stands for a seat.
    """
    later: dict[str, str] = {}
    for line in lines:
        if line.get("skill") and line.get("adopts", True):
            later.setdefault(line["candidate"]["name"], seat(line["skill"], line["role"]))
    found = []
    for line in lines:
        name = line["candidate"]["name"]
        own = seat(line["skill"], line["role"]) if line.get("skill") else later.get(name, name)
        found.append(own)
    return found


def nameless(lines: Sequence[Line], name: str) -> list[Line]:
    """Return the lines with a name that are about no skill yet."""
    pairs = zip(lines, seats(lines), strict=True)
    return [one for one, own in pairs if own == name == one["candidate"]["name"]]


def about(lines: Sequence[Line], whose: str) -> list[Line]:
    """Return the lines about a seat."""
    return [line for line, own in zip(lines, seats(lines), strict=True) if own == whose]


def reigns(lines: Iterable[Line], whose: str) -> list[Reign]:
    """Return the standing champion of a seat, last, and those before it.

    A promotion puts one on top, a rollback takes one off, or all down to an
    earlier one; one that was taken down before may come back by it.
    """
    stack: list[Reign] = []
    past: dict[Candidate, Reign] = {}
    for line in about(list(lines), whose):
        one = Candidate(line["candidate"]["name"], line["candidate"]["digest"])
        if line["kind"] == ROLLBACK:
            _back(stack, past, line)
        # Promoted again on new measurements, a champion stays what it is.
        elif line["decision"] == "promoted" and (not stack or stack[-1].candidate != one):
            stack.append(Reign(one, line["time"], line["hash"], line))
            past[one] = stack[-1]
    return stack


def _back(stack: list[Reign], past: Mapping[Candidate, Reign], line: Line) -> None:
    if "taken_down" not in line:
        stack.pop()
        return
    up = Candidate(line["champion_after"]["name"], line["champion_after"]["digest"])
    if up in [reign.candidate for reign in stack]:
        while stack[-1].candidate != up:
            stack.pop()
    else:
        stack.append(past[up])


def stood(lines: Iterable[Line], whose: str) -> list[Reign]:
    """Return every adapter that ever stood in a seat, oldest first, each once."""
    found: dict[Candidate, Reign] = {}
    for line in about(list(lines), whose):
        if line["kind"] == DECISION and line["decision"] == "promoted":
            one = Candidate(line["candidate"]["name"], line["candidate"]["digest"])
            found.setdefault(one, Reign(one, line["time"], line["hash"], line))
    return list(found.values())


def names(lines: Iterable[Line]) -> list[str]:
    """Return the names of adapters that the ledger knows."""
    return sorted({line["candidate"]["name"] for line in lines})


def pointer(home: Path, whose: str) -> Path:
    """Return the file that names the champion of a seat."""
    return home / "champions" / f"{whose}.json"


def point(home: Path, whose: str, stack: list[Reign]) -> bool:
    """Make the pointer say what the ledger says; True if it said something else.

    Raises:
        PromoteError: it cannot be written; the ledger holds the decision, and
            the next `forge champion` makes the pointer.
    """
    place = pointer(home, whose)
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    if _read(place) == _facts(stack):
        return False
    try:
        if not stack:
            place.unlink()
            return True
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(_facts(stack), indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise PromoteError(str(place), what, "`forge champion` makes it from the ledger") from None
    finally:
        draft.unlink(missing_ok=True)
    return True


def retire(home: Path, lines: Sequence[Line]) -> list[Path]:
    """Take away pointers of seats that no line is about any more, and return them.

    A name was a seat until a line said of which skill it is; followed further,
    its pointer would go on naming a champion that may not stand.
    """
    kept = {pointer(home, whose) for whose in seats(lines)}
    found = sorted((home / "champions").glob("*.json"))
    gone = [place for place in found if place not in kept and _read(place)]
    for place in gone:
        place.unlink(missing_ok=True)
    return gone


def _facts(stack: list[Reign]) -> dict[str, Any] | None:
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
