"""Who is champion: read off the ledger, and written to a pointer that others follow.

The ledger is the truth. The pointer file is made from it, replaced whole, and
made again where a kill left it behind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.errors import PromoteError
from harness_forge.promoters import ledger
from harness_forge.promoters.evidence import Candidate

DECISION, ROLLBACK = "decision", "rollback"
"""The kinds of ledger lines."""


@dataclass(frozen=True)
class Reign:
    """One adapter that stood, or stands, as champion.

    Args:
        since: when it was promoted, as the ledger has it.
        line: hash of the ledger line that promoted it.
    """

    candidate: Candidate
    since: str
    line: str


def reigns(lines: Iterable[Mapping[str, Any]], name: str) -> list[Reign]:
    """Return the standing champion of `name`, last, and those before it.

    A promotion puts one on top, a rollback takes one off.
    """
    stack: list[Reign] = []
    for line in lines:
        candidate = line["candidate"]
        if candidate["name"] != name:
            continue
        if line["kind"] == ROLLBACK:
            stack.pop()
        elif line["decision"] == "promoted":
            one = Candidate(name, candidate["digest"])
            # Promoted again on new measurements, a champion stays what it is.
            if not stack or stack[-1].candidate != one:
                stack.append(Reign(one, line["time"], line["hash"]))
    return stack


def names(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of adapters that the ledger knows."""
    return sorted({line["candidate"]["name"] for line in lines})


def pointer(home: Path, name: str) -> Path:
    """Return the file that names the champion of `name`."""
    return home / "champions" / f"{name}.json"


def point(home: Path, name: str, stack: list[Reign]) -> bool:
    """Make the pointer say what the ledger says; True if it said something else.

    Raises:
        PromoteError: it cannot be written; the ledger holds the decision, and
            the next `forge champion` makes the pointer.
    """
    place, draft = pointer(home, name), pointer(home, name).with_suffix(f".{os.getpid()}")
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


def check(home: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Compare the pointers with the ledger.

    A chain of hashes does not show that its end was cut off; a pointer to a
    line that is no longer there does.

    Raises:
        PromoteError: a pointer names a line that the ledger does not hold.
    """
    known = {line["hash"] for line in lines}
    for place in sorted((home / "champions").glob("*.json")):
        told = _read(place)
        if told and told.get("line") not in known:
            what = f"{place} names a decision it does not hold: lines were taken out"
            raise PromoteError(str(ledger.path(home)), what, "put the ledger back from a copy")


def _facts(stack: list[Reign]) -> dict[str, Any] | None:
    if not stack:
        return None
    top = stack[-1]
    one = top.candidate
    return {
        "name": one.name,
        "digest": one.digest,
        "adapter": one.label,
        "since": top.since,
        "line": top.line,
    }


def _read(place: Path) -> dict[str, Any] | None:
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
