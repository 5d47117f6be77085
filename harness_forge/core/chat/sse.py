"""Server-sent events as bytes: splits them, and filters the usage event that was not requested."""

from __future__ import annotations

import re

import orjson

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LONGEST = 1 << 20


def events(raw: bytes) -> list[bytes]:
    """Return a stream's events with their terminators; the last may have none."""
    made, start = [], 0
    for end in _END.finditer(raw):
        made.append(raw[start : end.end()])
        start = end.end()
    if start < len(raw):
        made.append(raw[start:])
    return made


def data(event: bytes) -> bytes | None:
    """Return the data of an event, its lines joined; None where it has none."""
    lines = [line[5:].removeprefix(b" ") for line in event.splitlines() if line[:5] == b"data:"]
    return b"\n".join(lines) if lines else None


def is_usage(event: bytes) -> bool:
    """Return whether an event has only token counts."""
    if b'"usage"' not in event:
        return False
    try:
        chunk = orjson.loads(data(event) or b"")
    except ValueError:
        return False
    return isinstance(chunk, dict) and chunk.get("choices") == [] and bool(chunk.get("usage"))


class UsageFilter:
    """Removes the event with token counts from a stream.

    Whole events are passed on at once, and what is no event after a while too:
    a stream that is not what it says it is reaches its caller all the same.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Return the bytes that can be passed on now."""
        raw = self._held + piece
        places = ((raw.rfind(end), len(end)) for end in (b"\n\n", b"\r\n\r\n", b"\r\r"))
        end = max((at + size for at, size in places if at >= 0), default=0)
        if len(raw) - end > _LONGEST:
            end = len(raw)
        shown, self._held = raw[:end], raw[end:]
        if b'"usage"' not in shown:
            return shown
        return b"".join(event for event in events(shown) if not is_usage(event))

    def rest(self) -> bytes:
        """Return the bytes held back, at the end of the stream."""
        held, self._held = self._held, b""
        return b"" if is_usage(held) else held
