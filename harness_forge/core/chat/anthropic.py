"""Converts requests and answers of Anthropic's Messages API, whole or streamed, to a chat's.

Parts of a content stay unchanged: readers of messages know each of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness_forge.core.jsontext import object_in

STARTS = frozenset(("message_start", "content_block_start", "content_block_delta"))
"""Types of the events that only a stream of this API has."""
_ENDED = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""Reasons after which an answer is whole; after any other it counts as cut."""
_ASKED = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def is_answer(response: Mapping[str, Any]) -> bool:
    """Return whether a response is a message of this API."""
    known = response.get("type") == "message" or "stop_reason" in response
    return known and isinstance(response.get("content"), list)


def joined(pieces: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Assemble the events of a stream into the message; without its last event it has no end."""
    made: dict[str, Any] = {"type": "message", "role": "assistant", "stop_reason": None}
    blocks: dict[int, dict[str, Any]] = {}
    texts: dict[int, str] = {}
    ended = False
    for piece in pieces:
        kind, place = piece.get("type"), _order(piece.get("index"))
        if kind == "message_start":
            made |= object_in(piece.get("message"))
        elif kind == "content_block_start":
            blocks[place] = dict(object_in(piece.get("content_block")))
        elif kind == "content_block_delta":
            _grow(blocks.setdefault(place, {}), texts, place, object_in(piece.get("delta")))
        elif kind == "message_delta":
            made |= object_in(piece.get("delta"))
            told = {k: v for k, v in object_in(piece.get("usage")).items() if v is not None}
            made["usage"] = {**object_in(made.get("usage")), **told}
        ended = ended or kind == "message_stop"
    for place, text in texts.items():
        blocks[place]["input"] = _input(text)
    made["content"] = [block for _, block in sorted(blocks.items())]
    return made if ended else made | {"stop_reason": None}


def _grow(
    block: dict[str, Any], texts: dict[int, str], place: int, delta: Mapping[str, Any]
) -> None:
    kind = delta.get("type")
    if kind == "input_json_delta":
        block.setdefault("type", "tool_use")
        texts[place] = texts.get(place, "") + str(delta.get("partial_json") or "")
    elif isinstance(kind, str) and kind in _TEXTS:
        key = _TEXTS[kind]
        block.setdefault("type", "text" if key == "text" else "thinking")
        block[key] = str(block.get(key) or "") + str(delta.get(key) or "")
    elif kind == "citations_delta":
        known = block.get("citations")
        block["citations"] = [*(known if isinstance(known, list) else ()), delta.get("citation")]


def _input(text: str) -> Any:
    """Return arguments; those that are broken or cut off stay a text, which an export rejects."""
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def completion(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as a chat completion."""
    usage = object_in(response.get("usage"))
    counts: dict[str, Any] = {"completion_tokens": usage.get("output_tokens")}
    if isinstance(usage.get(_ASKED[0]), int):
        counts["prompt_tokens"] = sum(n for key in _ASKED if isinstance(n := usage.get(key), int))
    if isinstance(read := usage.get("cache_read_input_tokens"), int):
        counts["prompt_tokens_details"] = {"cached_tokens": read}
    return {
        "id": response.get("id"),
        "model": response.get("model"),
        "usage": counts,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": response["content"]},
                "finish_reason": _finish(response),
            }
        ],
    }


def _finish(response: Mapping[str, Any]) -> str | None:
    if "stop_reason" not in response:
        return None
    return _ENDED.get(str(response["stop_reason"]), "length")


def asked(request: Mapping[str, Any]) -> list[Any]:
    """Return the messages of a request, after its `system`, if it has one."""
    system = request.get("system")
    first = [{"role": "system", "content": system}] if system else []
    return [*first, *request["messages"]]


def _order(place: Any) -> int:
    return place if isinstance(place, int) else 0
