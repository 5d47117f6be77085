"""What captured requests of a run have in common: each message, tool and instruction is kept once.

An agent's request holds all that was said before it, with the same tools and instructions each
time. Written whole, the captures of a session grow with the square of its turns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from psycopg.types.json import Json

from harness_forge.store import rows
from harness_forge.store.escaping import escape
from harness_forge.store.intake import Intake
from harness_forge.store.json_texts import json_text

KEYS = ("messages", "input", "tools", "system", "instructions", "prompt")
"""Keys of a request whose values come again: of a list of objects each, else the value."""

_LEAST = 4_096
"""Characters that the parts of a request must have: below it, rows of their own cost more."""

_Parts = dict[str, list[str] | str]


def share(intake: Intake, captures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write the parts of requests that are not there yet, in the open transaction.

    Args:
        captures: rows of `captures`.

    Returns:
        The rows, with `shared`, and null in `request` where it names parts.
    """
    parts = [_parts(one.get("request")) for one in captures]
    texts: dict[str, dict[str, None]] = defaultdict(dict)
    for one, found in zip(captures, parts, strict=True):
        for held in found.values():
            texts[one["run_id"]].update(dict.fromkeys(_texts(held)))
    places = {run: _places(intake, run, list(each)) for run, each in texts.items()}
    return [
        {**one, **_shared(one["request"], found, places[one["run_id"]])}
        if found
        else {**one, "shared": None}
        for one, found in zip(captures, parts, strict=True)
    ]


def _parts(request: Any) -> _Parts:
    """Return the texts of a request's parts by key; {} where they are small."""
    if not isinstance(request, Mapping):
        return {}
    found: _Parts = {}
    for key in KEYS:
        held = request.get(key)
        # Token numbers and texts to embed are lists too, whose elements do not come again.
        if held and isinstance(held, list) and all(isinstance(one, Mapping) for one in held):
            found[key] = [json_text(one) for one in held]
        elif held and isinstance(held, str | list | Mapping):
            found[key] = json_text(held)
    size = sum(len(text) for held in found.values() for text in _texts(held))
    return found if size >= _LEAST else {}


def _texts(held: list[str] | str) -> list[str]:
    return [held] if isinstance(held, str) else held


def _places(intake: Intake, run_id: str, texts: Sequence[str]) -> dict[str, int]:
    """Return the place of each text in a run; new ones are written."""
    digests = {text: sha256(text.encode()).digest() for text in texts}
    run = escape(run_id)
    known = {
        bytes(digest): place
        for digest, place in intake.query(
            "SELECT digest, place FROM captured_parts WHERE run_id = %s AND digest = ANY(%s)",
            [run, list(digests.values())],
        )
    }
    if len(known) < len(digests):
        query = "SELECT coalesce(max(place) + 1, 0) FROM captured_parts WHERE run_id = %s"
        free = intake.query(query, [run])[0][0]
        new = [text for text in texts if digests[text] not in known]
        lines: list[rows.Row] = [
            {
                "run_id": run_id,
                "place": place,
                "digest": digests[text],
                "part": Json(text, dumps=str),
            }
            for place, text in enumerate(new, start=free)
        ]
        intake.copy("captured_parts", lines)
        known |= {line["digest"]: line["place"] for line in lines}
    return {text: known[digest] for text, digest in digests.items()}


def _shared(request: Any, parts: _Parts, places: Mapping[str, int]) -> dict[str, Any]:
    shared = {
        key: places[held] if isinstance(held, str) else _spans([places[one] for one in held])
        for key, held in parts.items()
    }
    return {"request": {**request, **dict.fromkeys(parts)}, "shared": rows.jsonb(shared)}


def _spans(places: Sequence[int]) -> list[list[int]]:
    """Return places as ranges, in their order, upper ends excluded."""
    spans: list[list[int]] = []
    for place in places:
        if spans and spans[-1][1] == place:
            spans[-1][1] = place + 1
        else:
            spans.append([place, place + 1])
    return spans
