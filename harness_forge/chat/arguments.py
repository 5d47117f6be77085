"""Arguments of calls as JSON text in canonical form: as `json.dumps` writes them.

Blanks behind commas and colons, no escapes that need not be, keys in the order
they were written, integers exact.
"""

from __future__ import annotations

import json
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any

import orjson

_CACHED = 4096
"""Characters of the longest text whose canonical form is remembered."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
"""Made once: `json.dumps` makes another with every call."""


class Broken(ValueError):
    """Arguments that are no JSON object."""


def written(value: Any) -> str:
    """Return a value as `json.dumps` writes it, without escapes that need not be.

    Raises:
        ValueError: it holds NaN or an infinity, which no JSON has.
    """
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def object_text(text: str) -> str:
    """Return a JSON object in canonical form; one that was written as a text of a text, too.

    Raises:
        Broken: it is no object, or says one key twice.
    """
    return _cached(text) if len(text) <= _CACHED else _object_text(text)


def _object_text(text: str) -> str:
    return text if _is_canonical(text) else _made(text)


def _is_canonical(text: str) -> bool:
    """Return whether an object's text is as it should be: the fast reader tells it of most."""
    try:
        value = orjson.loads(text)
        return isinstance(value, dict) and _flat(value) == text
    except ValueError:
        return False


def _flat(value: dict[str, Any]) -> str:
    """Return an object as `written` does; most arguments are texts, which need no encoder."""
    pairs = [
        f"{_quoted(key)}: {_quoted(one) if isinstance(one, str) else written(one)}"
        for key, one in value.items()
    ]
    return "{" + ", ".join(pairs) + "}"


def _made(text: str) -> str:
    value = _object(text)
    for _ in range(2):  # written as a text once or twice too often
        if not isinstance(value, str):
            break
        text, value = value, _object(value)
    if not isinstance(value, dict):
        raise Broken("no object")
    try:
        made = written(value)
        made.encode()
    except ValueError:
        raise Broken("a value that no JSON has") from None
    if made != text:
        _object(text, _once)
    return made


_cached = lru_cache(maxsize=2048)(_object_text)


def _object(text: str, pairs: Any = None) -> Any:
    try:
        return json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        raise Broken("no JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made
