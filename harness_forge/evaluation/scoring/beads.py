"""A list of beads that calls change, with the rules of a tracker.

A bead is open, in_progress or closed. The rules: a bead is claimed before it is
closed, closing needs a reason, and a bead that waits for one that is not closed
can be neither claimed nor closed. A call against the rules changes nothing and
fails the whole sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.evaluation.scoring.calls import Call

Beads = dict[str, dict[str, Any]]


class CallRefused(Exception):
    """The tracker refuses a call."""


def play(calls: Sequence[Call], start: Mapping[str, Mapping[str, Any]]) -> Beads | None:
    """Return the beads after the calls, or None if one was refused.

    Args:
        start: beads by id, each with `status` and optionally `assignee` and
            `needs`, the ids it waits for.
    """
    beads = {key: {"needs": [], **bead} for key, bead in start.items()}
    try:
        for name, arguments in calls:
            _PLAYS[name](beads, **arguments)
    except (CallRefused, KeyError, TypeError, AttributeError):  # an argument is missing or no text
        return None
    return beads


def reached(beads: Beads | None, goal: Mapping[str, Mapping[str, Any]], untouched: Beads) -> bool:
    """Return whether the goal's facts hold and every bead it does not name is unchanged.

    Args:
        goal: facts by id. The id `new` is a created bead, of which there must be
            exactly one; the bead's texts must contain the words of its facts.
    """
    if beads is None:
        return False
    created = [bead for key, bead in beads.items() if key not in untouched]
    if len(created) != ("new" in goal):
        return False
    for key, before in untouched.items():
        if key not in goal and beads[key] != {"needs": [], **before}:
            return False
    named = [(beads.get(key) if key != "new" else created[0], facts) for key, facts in goal.items()]
    return all(bead is not None and _holds(bead, facts) for bead, facts in named)


def _holds(bead: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    for key, wanted in facts.items():
        found = bead.get(key)
        if key in ("title", "reason"):
            if not isinstance(found, str) or wanted.lower() not in found.lower():
                return False
        elif found != wanted:
            return False
    return True


def _create(beads: Beads, title: str, priority: int = 2) -> None:
    if not title.strip() or priority not in range(5):
        raise CallRefused
    beads[f"new-{len(beads)}"] = {
        "status": "open", "title": title, "priority": priority, "needs": [],
    }  # fmt: skip


def _claim(beads: Beads, id: str, assignee: str) -> None:
    bead = beads[id]
    if bead["status"] != "open" or _waits(beads, bead) or not assignee.strip():
        raise CallRefused
    bead |= {"status": "in_progress", "assignee": assignee}


def _close(beads: Beads, id: str, reason: str) -> None:
    bead = beads[id]
    if bead["status"] != "in_progress" or _waits(beads, bead) or not reason.strip():
        raise CallRefused
    bead |= {"status": "closed", "reason": reason}


def _needs(beads: Beads, id: str, blocker: str) -> None:
    bead = beads[id]
    if blocker not in beads or blocker == id or blocker in bead["needs"]:
        raise CallRefused
    bead["needs"] = [*bead["needs"], blocker]


def _comment(beads: Beads, id: str, text: str) -> None:
    bead = beads[id]
    if not text.strip():
        raise CallRefused
    bead["comments"] = bead.get("comments", 0) + 1


def _waits(beads: Beads, bead: Mapping[str, Any]) -> bool:
    return any(beads[key]["status"] != "closed" for key in bead["needs"])


_PLAYS = {
    "bead_create": _create,
    "bead_claim": _claim,
    "bead_close": _close,
    "bead_depend": _needs,
    "bead_comment": _comment,
}
