"""Changes of a JSON body that leave every other byte unchanged.

Parsing and writing a body again changes its spaces, number formats and escapes, so
the changes are made in the bytes themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

_ONE = re.compile(rb'"model"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)
_NUMBERS = {"parse_constant": str}


def parsed(raw: bytes) -> Any:
    """Return a JSON text's value; the standard library reads what orjson is too strict for.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return orjson.loads(raw)
    except ValueError:
        try:
            return json.loads(raw, **_NUMBERS)
        except RecursionError:
            raise ValueError("is nested too deeply") from None


def with_model(raw: bytes, model: str) -> bytes:
    """Return an object's text with every top-level `model` replaced."""
    new = json.dumps(model).encode()
    # One such key, and no escapes that could hide another: it is the one.
    if raw.count(b'"model"') == 1 and b"\\u006" not in raw.lower():
        found = _ONE.search(raw)
        if found:
            return raw[: found.start(1)] + new + raw[found.end(1) :]
    return _spliced(raw, "model", new)


def with_usage(raw: bytes, asked: Any) -> bytes:
    """Return an object's text with a request for token counts at the end of a stream.

    Args:
        asked: the value of its `stream_options`; None if it has none.
    """
    wish = b'{"include_usage":true}'
    if isinstance(asked, dict):
        wish = orjson.dumps({**asked, "include_usage": True})
        return _spliced(raw, "stream_options", wish)
    bare = raw.index(b"{") + 1
    if b"stream_options" in raw[bare:] and any(True for _ in _places(raw, "stream_options")):
        return _spliced(raw, "stream_options", wish)  # it was null
    comma = b"" if raw[bare:].lstrip()[:1] == b"}" else b","
    return raw[:bare] + b'"stream_options":' + wish + comma + raw[bare:]


def _spliced(raw: bytes, key: str, new: bytes) -> bytes:
    for start, end in reversed(list(_places(raw, key))):
        raw = raw[:start] + new + raw[end:]
    return raw


def _places(raw: bytes, key: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each value of a top-level key."""
    depth, name, begun = 0, None, None
    for token in _TOKEN.finditer(raw):
        word = token[0]
        if word in (b"{", b"["):
            depth += 1
        elif depth == 1 and word == b":":
            begun = token.end()
        elif depth == 1 and word in (b",", b"}", b"]"):
            if begun is not None and name == key:
                text = raw[begun : token.start()]
                start = begun + len(text) - len(text.lstrip())
                yield start, start + len(text.strip())
            begun = None
        elif depth == 1 and begun is None:
            name = json.loads(word)
        if word in (b"}", b"]"):
            depth -= 1
