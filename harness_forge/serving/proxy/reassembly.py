"""Turns the body of an answer, streamed or packed, into one value, and reports faults."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any

from harness_forge.core.chat import anthropic, response_stream
from harness_forge.core.chat.streams import joined, ollama, pieces_of

_MOST = 256 << 20


@dataclass(frozen=True, slots=True)
class ResponseBody:
    """An answer's body as one value.

    Args:
        value: None if it is no JSON.
        whole: it is complete.
        fault: what is wrong with it, '' for nothing.
    """

    value: Any
    whole: bool
    fault: str = ""


def assembled(kind: str, content_type: str, raw: bytes) -> ResponseBody:
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
        return ResponseBody(None, False, "the answer is no JSON")
    return ResponseBody(value, True)


def decoded(encoding: str, raw: bytes) -> bytes:
    """Return a decompressed body.

    Raises:
        ValueError: it cannot be decompressed.
    """
    try:
        if encoding in ("gzip", "x-gzip"):
            with gzip.open(_as_file(raw)) as file:
                return _no_bomb(file.read(_MOST + 1))
        if encoding == "deflate":
            return _no_bomb(zlib.decompressobj().decompress(raw, _MOST + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"cannot be unpacked: {error}") from None
    if encoding not in ("", "identity"):
        raise ValueError(f"is packed as {encoding}")
    return raw


def _no_bomb(unpacked: bytes) -> bytes:
    if len(unpacked) > _MOST:
        raise ValueError(f"is more than {_MOST >> 20} MB unpacked")
    return unpacked


def _as_file(raw: bytes) -> Any:
    import io

    return io.BytesIO(raw)


def _streamed(kind: str, raw: bytes) -> ResponseBody:
    pieces, broken, done = pieces_of(raw)
    fault = f"{broken} broken events" if broken else ""
    failed = next((one["error"] for one in pieces if one.get("error")), None)
    if failed is not None:
        return ResponseBody({"error": failed}, False, fault or "the stream reported an error")
    if kind == "response":
        return _response(pieces, fault)
    if kind == "message":
        ended = any(one.get("type") == "message_stop" for one in pieces)
        said = fault or ("" if ended else "the stream broke off")
        return ResponseBody(anthropic.joined(pieces), ended and not fault, said)
    made = joined(pieces, "text" if kind == "completion" else "message")
    ended = bool(made["choices"]) and all(one.get("finish_reason") for one in made["choices"])
    return ResponseBody(made, (done or ended) and ended and not broken, fault)


def _response(pieces: list[dict[str, Any]], fault: str) -> ResponseBody:
    """Return the assembled response.

    Cut at the token limit it counts as complete: there will be no more of it.
    """
    ends = [one["type"] for one in pieces if one.get("type") in response_stream.ENDS]
    if not ends:
        return ResponseBody(response_stream.joined(pieces), False, fault or "the stream broke off")
    return ResponseBody(
        response_stream.joined(pieces), ends[-1] != "response.failed" and not fault, fault
    )


def _lines(raw: bytes) -> ResponseBody:
    """Return an answer in Ollama's own form: a JSON object a line, the last one with counts."""
    pieces, broken = [], 0
    for line in raw.splitlines():
        try:
            pieces.append(json.loads(line)) if line.strip() else None
        except (ValueError, RecursionError):
            broken += 1
    pieces = [one for one in pieces if isinstance(one, dict)]
    if not pieces:
        return ResponseBody(None, False, "the answer is no JSON")
    made = ollama(pieces)
    return ResponseBody(
        made, made.get("done") is True and not broken, f"{broken} broken" if broken else ""
    )
