"""Assembles streamed answers into the answer that the server would have sent unstreamed.

Sources and proxy both use it. No field is dropped: unknown fields are copied, and their
texts joined. A piece belongs to the call of its index, else of its id, else to the
previous call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness_forge.core.chat.arguments import ArgumentsNotAnObject, object_text
from harness_forge.core.chat.sse import data, events


def pieces_of(raw: bytes) -> tuple[list[dict[str, Any]], int, bool]:
    """Return the objects of a stream of events, the number of broken ones, and whether it ended."""
    pieces, broken, done = [], 0, False
    for event in events(raw):
        text = data(event)
        if text is None:
            continue
        if text.strip() == b"[DONE]":
            done = True
            continue
        try:
            piece = json.loads(text)
        except (ValueError, RecursionError):
            broken += 1
            continue
        if isinstance(piece, dict):
            pieces.append(piece)
    return pieces, broken, done


def joined(pieces: Iterable[Mapping[str, Any]], what: str = "message") -> dict[str, Any]:
    """Assemble pieces into a whole answer.

    Args:
        what: `message` of a chat, or `text` of a completion.
    """
    made: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        for key, value in piece.items():
            if key != "choices" and (value is not None or key not in made):
                made[key] = value
        raw_choices = piece.get("choices")
        for part in raw_choices if isinstance(raw_choices, list) else ():
            if isinstance(part, dict):
                place = part.get("index")
                place = int(place) if isinstance(place, str) and place.isdecimal() else place
                place = place if isinstance(place, int) else 0
                empty = {"message": {"role": "assistant"}} if what == "message" else {"text": ""}
                _grow_choice(choices.setdefault(place, {"index": place, **empty}), part)
    if str(made.get("object", "")).endswith(".chunk"):
        made["object"] = made["object"].removesuffix(".chunk")
    return made | {"choices": [_settled(one) for _, one in sorted(choices.items())]}


def _grow_choice(choice: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        if key == "delta" and isinstance(value, dict):
            _grow_message(_kept(choice, "message", dict, {"role": "assistant"}), value)
        elif key == "text" and isinstance(value, str):
            choice["text"] = _kept(choice, "text", str, "") + value
        elif key == "logprobs" and isinstance(value, dict):
            _extend(_kept(choice, "logprobs", dict, {}), value)
        elif key == "finish_reason":
            # Some servers say '' with every piece.
            choice[key] = value or choice.get(key)
        elif key not in ("delta", "index") and (value is not None or key not in choice):
            choice[key] = value


def _grow_message(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for key, value in delta.items():
        if key == "tool_calls" and isinstance(value, list):
            calls = _kept(message, "tool_calls", _Calls, _Calls())
            for piece in value:
                if isinstance(piece, dict):
                    calls.grow(piece)
        elif key == "role":
            message["role"] = value or message.get("role", "assistant")
        elif value is None:
            message.setdefault(key, None)
        elif key == "content" and isinstance(message.get(key), str | list):
            message[key] = _longer(message[key], value)
        elif isinstance(value, str) and isinstance(message.get(key), str):
            message[key] += value
        elif isinstance(value, list) and isinstance(message.get(key), list):
            message[key] = _joined(message[key], value)
        elif isinstance(value, dict) and isinstance(message.get(key), dict):
            _grow_call(message[key], value)
        else:
            message[key] = value


def _kept(held: dict[str, Any], key: str, kind: type, otherwise: Any) -> Any:
    """Return what is held under a key; what a server said there in another form is replaced."""
    if not isinstance(held.get(key), kind):
        held[key] = otherwise
    return held[key]


def _longer(content: str | list[Any], more: Any) -> Any:
    """Append to a content; text is appended to a list of parts as a text part."""
    if isinstance(content, str) and isinstance(more, str):
        return content + more
    return _joined(_parts(content), _parts(more))


_THOUGHTS = frozenset(("thinking", "reasoning", "reasoning.text", "reasoning.summary"))
_WORDS = ("text", "thinking", "summary", "signature")


def _joined(held: list[Any], more: list[Any]) -> list[Any]:
    """Append parts; a piece of the thought that is last is added to its words."""
    made = list(held)
    for piece in more:
        if made and _goes_on(made[-1], piece):
            last = made[-1]
            words = {
                key: last[key] + piece[key]
                for key in _WORDS
                if isinstance(last.get(key), str | list) and type(piece.get(key)) is type(last[key])
            }
            made[-1] = {**last, **{k: v for k, v in piece.items() if v is not None}, **words}
        else:
            made.append(piece)
    return made


def _goes_on(last: Any, piece: Any) -> bool:
    if not isinstance(last, dict) or not isinstance(piece, dict):
        return False
    kind = piece.get("type")
    known = isinstance(kind, str) and kind in _THOUGHTS
    return known and last.get("type") == kind and last.get("index") == piece.get("index")


def _parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content if isinstance(content, list) else [content]


class _Calls:
    """The calls of one message, assembled piece by piece."""

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._places: list[int | None] = []

    def grow(self, piece: Mapping[str, Any]) -> None:
        """Add a piece to the call that it belongs to."""
        place = piece.get("index")
        place = place if isinstance(place, int) and not isinstance(place, bool) else None
        at = self._by_index(piece, place) if place is not None else self._by_id(piece)
        if at is None:
            at = len(self._calls)
            self._calls.append({})
            self._places.append(place)
        _grow_call(self._calls[at], piece)

    def _by_index(self, piece: Mapping[str, Any], place: int) -> int | None:
        at = _last(self._places, place)
        # One index for every call: another id, and the call before is whole.
        if at is not None and self._is_other(at, piece) and _whole(self._calls[at]):
            return None
        return at

    def _by_id(self, piece: Mapping[str, Any]) -> int | None:
        number, last = piece.get("id"), len(self._calls) - 1
        if number:
            at = _last([call.get("id") for call in self._calls], number)
            return last if at is None and last >= 0 and not _named(piece) else at
        starts = _named(piece) and last >= 0 and _whole(self._calls[last])
        return None if last < 0 or starts else last

    def _is_other(self, at: int, piece: Mapping[str, Any]) -> bool:
        number, known = piece.get("id"), self._calls[at].get("id")
        return bool(_named(piece) and number and known and number != known)

    def settled(self) -> list[dict[str, Any]]:
        """Return the calls: by index where each has one, else in order of arrival."""
        order = range(len(self._calls))
        if all(place is not None for place in self._places):
            order = sorted(order, key=lambda at: self._places[at])
        return [{"type": "function", **self._calls[at]} for at in order]


def _last(values: list[Any], wanted: Any) -> int | None:
    return next((at for at in reversed(range(len(values))) if values[at] == wanted), None)


def _named(piece: Mapping[str, Any]) -> bool:
    function = piece.get("function")
    return isinstance(function, Mapping) and bool(function.get("name"))


def _whole(call: Mapping[str, Any]) -> bool:
    """Return whether a call's arguments are a complete object."""
    function = call.get("function")
    arguments = function.get("arguments") if isinstance(function, dict) else None
    try:
        return not isinstance(arguments, str) or bool(object_text(arguments))
    except ArgumentsNotAnObject:
        return False


def _grow_call(call: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for key, value in piece.items():
        if key == "function" and isinstance(value, dict):
            function = _kept(call, "function", dict, {"name": "", "arguments": ""})
            name = value.get("name")
            name = name if isinstance(name, str) else ""
            # Some servers say the whole name again with every piece.
            function["name"] += name if name != function["name"] else ""
            more = value.get("arguments")
            if isinstance(more, str) and isinstance(function["arguments"], str):
                function["arguments"] += more
            elif isinstance(more, dict) and isinstance(function["arguments"], dict):
                function["arguments"] = function["arguments"] | more
            elif more:
                function["arguments"] = more
            function |= {k: v for k, v in value.items() if k not in ("name", "arguments")}
        elif key == "arguments" and isinstance(value, str):
            call[key] = _kept(call, key, str, "") + value  # the form before 2023-11
        elif key == "id":
            # Some servers make up an id for every piece: the first is the call's.
            call.setdefault(key, value) if value else None
        elif key == "name" and not value:
            call.setdefault(key, value)  # said with the first piece alone
        elif key != "index" and value is not None:
            call[key] = value


def _extend(made: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, list) and isinstance(made.get(key), list):
            made[key] = made[key] + value
        elif value is not None or key not in made:
            made[key] = value


def _settled(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    if isinstance(message, dict):
        calls = message.get("tool_calls")
        if isinstance(calls, _Calls):
            choice["message"] = message = message | {"tool_calls": calls.settled()}
        message.setdefault("content", None)
    return choice


def ollama(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """Assemble the lines of an answer in Ollama's form; the last has the token counts."""
    made = dict(pieces[-1])
    if not any("message" in one for one in pieces):
        return made | {"response": "".join(str(one.get("response") or "") for one in pieces)}
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    for one in pieces:
        delta = one.get("message")
        for key, value in delta.items() if isinstance(delta, dict) else ():
            if key in ("content", "thinking") and isinstance(value, str):
                message[key] = _kept(message, key, str, "") + value
            elif isinstance(value, list):
                message[key] = _kept(message, key, list, []) + value
    return made | {"message": message}
