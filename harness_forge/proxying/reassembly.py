"""Streamed answers put together again: what the server would have said unstreamed.

Nothing that a piece holds is dropped: fields that this does not know are
taken over, texts among them joined. What is broken is said to be so.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness_forge.proxying.sse import data, events

_MOST = 256 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's body as one value.

    Args:
        value: None where it is no JSON.
        whole: it came to its end.
        fault: what was wrong with it, '' for nothing.
    """

    value: Any
    whole: bool
    fault: str = ""


def assembled(kind: str, content_type: str, raw: bytes) -> Answer:
    """Return the value of a body, streamed or not.

    Args:
        kind: of the request, as the gateway names it.
    """
    if content_type.startswith("text/event-stream"):
        return _streamed(kind, raw)
    if "ndjson" in content_type:
        return _lines(raw)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return Answer(None, False, "the answer is no JSON")
    return Answer(value, True)


def decoded(encoding: str, raw: bytes) -> bytes:
    """Return a body as it was before it was packed.

    Raises:
        ValueError: it cannot be unpacked.
    """
    try:
        if encoding in ("gzip", "x-gzip"):
            with gzip.open(_as_file(raw)) as file:
                return file.read(_MOST)
        if encoding == "deflate":
            return zlib.decompressobj().decompress(raw, _MOST)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"cannot be unpacked: {error}") from None
    if encoding not in ("", "identity"):
        raise ValueError(f"is packed as {encoding}")
    return raw


def _as_file(raw: bytes) -> Any:
    import io

    return io.BytesIO(raw)


def _streamed(kind: str, raw: bytes) -> Answer:
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
    fault = f"{broken} broken events" if broken else ""
    failed = next((one["error"] for one in pieces if one.get("error")), None)
    if failed is not None:
        return Answer({"error": failed}, False, fault or "the stream told of an error")
    if kind == "response":
        return _response(pieces, fault)
    made = _joined(pieces, "text" if kind == "completion" else "message")
    ended = bool(made["choices"]) and all(one.get("finish_reason") for one in made["choices"])
    return Answer(made, (done or ended) and ended and not broken, fault)


def _response(pieces: list[dict[str, Any]], fault: str) -> Answer:
    """Return the last event's response: it holds all that came before."""
    ends = ("response.completed", "response.incomplete", "response.failed")
    for piece in reversed(pieces):
        if piece.get("type") in ends and isinstance(piece.get("response"), dict):
            # Cut at the number of tokens it is whole: that is all there will be of it.
            return Answer(piece["response"], piece["type"] in ends[:2] and not fault, fault)
    return Answer({"events": pieces}, False, fault or "the stream broke off")


def _joined(pieces: Iterable[Mapping[str, Any]], what: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        for key, value in piece.items():
            if key != "choices" and (value is not None or key not in made):
                made[key] = value
        told = piece.get("choices")
        for part in told if isinstance(told, list) else ():
            if isinstance(part, dict):
                place = part.get("index")
                place = place if isinstance(place, int) else 0
                empty = {"message": {"role": "assistant"}} if what == "message" else {"text": ""}
                _grow_choice(choices.setdefault(place, {"index": place, **empty}), part)
    if str(made.get("object", "")).endswith(".chunk"):
        made["object"] = made["object"].removesuffix(".chunk")
    return made | {"choices": [_settled(one) for _, one in sorted(choices.items())]}


def _grow_choice(choice: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        if key == "delta" and isinstance(value, dict):
            _grow_message(choice["message"], value)
        elif key == "text" and isinstance(value, str):
            choice["text"] = choice.get("text", "") + value
        elif key == "logprobs" and isinstance(value, dict):
            _extend(choice.setdefault("logprobs", {}), value)
        elif key not in ("delta", "index") and (value is not None or key not in choice):
            choice[key] = value


def _grow_message(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for key, value in delta.items():
        if key == "tool_calls" and isinstance(value, list):
            calls = message.setdefault("tool_calls", {})
            for piece in value:
                if isinstance(piece, dict):
                    place = piece.get("index")
                    _grow_call(
                        calls.setdefault(place if place is not None else len(calls), {}), piece
                    )
        elif key == "role":
            message["role"] = value or message["role"]
        elif isinstance(value, str) and isinstance(message.get(key), str):
            message[key] += value
        elif isinstance(value, list) and isinstance(message.get(key), list):
            message[key] = message[key] + value
        elif isinstance(value, dict) and isinstance(message.get(key), dict):
            _grow_call(message[key], value)
        elif value is not None or key not in message:
            message[key] = value


def _grow_call(call: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for key, value in piece.items():
        if key == "function" and isinstance(value, dict):
            function = call.setdefault("function", {"name": "", "arguments": ""})
            name = value.get("name") or ""
            # Some servers say the whole name again with every piece.
            function["name"] += name if name != function["name"] else ""
            more = value.get("arguments")
            if isinstance(more, str) and isinstance(function["arguments"], str):
                function["arguments"] += more
            elif more:
                function["arguments"] = more
            function |= {k: v for k, v in value.items() if k not in ("name", "arguments")}
        elif key == "arguments" and isinstance(value, str):
            call[key] = call.get(key, "") + value  # the form before 2023-11
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
    if message and isinstance(message.get("tool_calls"), dict):
        calls = [{"type": "function", **call} for call in message["tool_calls"].values()]
        choice["message"] = message | {"tool_calls": calls}
        message = choice["message"]
    if message is not None:
        message.setdefault("content", None)
    return choice


def _lines(raw: bytes) -> Answer:
    """Return an answer of Ollama's own form: a JSON object a line, the last one with counts."""
    pieces, broken = [], 0
    for line in raw.splitlines():
        try:
            pieces.append(json.loads(line)) if line.strip() else None
        except (ValueError, RecursionError):
            broken += 1
    pieces = [one for one in pieces if isinstance(one, dict)]
    if not pieces:
        return Answer(None, False, "the answer is no JSON")
    made = dict(pieces[-1])
    if any("message" in one for one in pieces):
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        for one in pieces:
            told = one.get("message")
            for key, value in told.items() if isinstance(told, dict) else ():
                if key in ("content", "thinking") and isinstance(value, str):
                    message[key] = message.get(key, "") + value
                elif isinstance(value, list):
                    message[key] = message.get(key, []) + value
        made["message"] = message
    else:
        made["response"] = "".join(str(one.get("response") or "") for one in pieces)
    return Answer(
        made, made.get("done") is True and not broken, f"{broken} broken" if broken else ""
    )
