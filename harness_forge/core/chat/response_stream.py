"""Assembles the events of a streamed `/v1/responses` into the response.

The last event usually holds all that came before. Where the stream broke off,
or its server leaves the output out there, the items are put together of their
pieces, and without a last event the response is `incomplete`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "response."
"""How the types of these events begin."""
ENDS = ("response.completed", "response.incomplete", "response.failed")
_GROWING = {
    "response.output_text": ("content", "output_text", "text"),
    "response.refusal": ("content", "refusal", "refusal"),
    "response.reasoning_text": ("content", "reasoning_text", "text"),
    "response.reasoning_summary_text": ("summary", "summary_text", "text"),
}
"""Event without `.delta` or `.done` -> where it belongs: a list of an item, the type of its parts,
the key of a part."""
_ARGUMENTS = "response.function_call_arguments"


def joined(pieces: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the response that the events describe."""
    made: dict[str, Any] = {"object": "response"}
    items: dict[int, dict[str, Any]] = {}
    ended = False
    for piece in pieces:
        kind = str(piece.get("type"))
        if isinstance(piece.get("response"), Mapping):
            made = dict(piece["response"]) if kind in ENDS else {**made, **piece["response"]}
        ended = ended or kind in ENDS
        if kind.startswith((*_GROWING, _ARGUMENTS, "response.output_item")):
            _grow(items, kind, piece)
    if items and not made.get("output"):
        made["output"] = [item for _, item in sorted(items.items())]
    return made if ended else {"output": [], **made, "status": "incomplete"}


def _grow(items: dict[int, dict[str, Any]], kind: str, piece: Mapping[str, Any]) -> None:
    place = piece.get("output_index")
    place = place if isinstance(place, int) else max(items, default=0)
    event, _, step = kind.rpartition(".")
    item = items.setdefault(place, {})
    if event == "response.output_item":
        # The item is whole when it is done; what was added is its beginning.
        if isinstance(piece.get("item"), Mapping):
            items[place] = item | piece["item"]
    elif event == _ARGUMENTS:
        item.setdefault("type", "function_call")
        item["arguments"] = _longer(item.get("arguments"), step, piece, "arguments")
    elif event in _GROWING:
        listed, kind_of_part, key = _GROWING[event]
        item.setdefault("type", "message" if listed == "content" else "reasoning")
        if item["type"] == "message":
            item.setdefault("role", "assistant")
        at = piece.get("content_index" if listed == "content" else "summary_index")
        parts = item[listed] = list(item.get(listed) or ())
        while len(parts) <= (at if isinstance(at, int) and 0 <= at < 1000 else 0):
            parts.append({"type": kind_of_part, key: ""})
        part = parts[at] if isinstance(at, int) and 0 <= at < len(parts) else parts[0]
        part[key] = _longer(part.get(key), step, piece, key)


def _longer(before: Any, step: str, piece: Mapping[str, Any], key: str) -> str:
    """Return a text with its next piece; when it is done the event holds all of it."""
    if step == "done" and isinstance(piece.get(key), str):
        return piece[key]
    return str(before or "") + (str(piece.get("delta") or "") if step == "delta" else "")
