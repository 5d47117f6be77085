"""Arguments of calls as canonical JSON text, as `json.dumps` writes it.

Blanks after commas and colons, no unnecessary escapes, keys in the order they were
written, exact integers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

_CACHED = 4096
"""Most characters of a text for its canonical form to be cached."""


_DEEPEST = 500
"""Most levels of lists and objects. Python 3.11 reads under a thousand, 3.13 nine thousand."""

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)|[][{}]', re.DOTALL)
"""Brackets, and strings, whose own say nothing. A string without an end is one to the end: else
each quote in it would be tried as a beginning, which takes the square of the time."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
"""Made once: `json.dumps` makes another with every call."""


_dumps = orjson.dumps
_EMPTY: tuple[Any, ...] = ([], {})


class ArgumentsNotAnObject(ValueError):
    """Arguments are not a JSON object."""


class Arguments(NamedTuple):
    """Arguments in canonical form.

    Args:
        hollow: they contain a null or an empty value at any depth.
    """

    text: str
    value: Mapping[str, Any]
    hollow: bool


def written(value: Any) -> str:
    """Return a value as `json.dumps` writes it, without unnecessary escapes.

    Raises:
        ValueError: it holds NaN or an infinity, which no JSON has.
    """
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def object_text(text: str) -> str:
    """Return a JSON object in canonical form, also one encoded twice.

    Raises:
        ArgumentsNotAnObject: it is no object, or has a key twice.
    """
    return settled(text) or read(text).text


def settled(text: str) -> str | None:
    """Return an object's text as `read` does; None where it has a null or an empty value.

    Fast where it was asked before: turns of one conversation share their history.

    Raises:
        ArgumentsNotAnObject: as `object_text`.
    """
    return _cached(text) if len(text) <= _CACHED else _settled(text)


def _settled(text: str) -> str | None:
    found = read(text)
    return None if found.hollow else found.text


_cached = lru_cache(maxsize=2048)(_settled)


def read(text: str) -> Arguments:
    """Return a JSON object in canonical form, and its value.

    Raises:
        ArgumentsNotAnObject: as `object_text`.
    """
    _check_depth(text)
    # Most are canonical already, which the fast reader and writer detect.
    try:
        value = orjson.loads(text)
        if isinstance(value, dict):
            pairs = [
                f"{_key(key)}{_dumps(one).decode() if isinstance(one, str) else written(one)}"
                for key, one in value.items()
            ]
            if f"{{{', '.join(pairs)}}}" == text:
                return Arguments(text, value, has_nothing(value))
    except ValueError:
        pass
    return _made(text)


@lru_cache(maxsize=1024)
def _key(key: str) -> str:
    return _dumps(key).decode() + ": "


def has_nothing(value: Mapping[str, Any]) -> bool:
    """Return whether an object has a null or an empty value at any depth.

    Without recursion, for depth comes from outside.
    """
    rest: list[Any] = [value]
    for one in rest:
        for inner in one.values() if isinstance(one, Mapping) else one:
            if isinstance(inner, str):
                if not inner:
                    return True
            elif inner is None or inner in _EMPTY:
                return True
            elif isinstance(inner, dict | list):
                rest.append(inner)
    return False


def _made(text: str) -> Arguments:
    value = _object(text)
    for _ in range(2):  # written as a text once or twice too often
        if not isinstance(value, str):
            break
        _check_depth(value)
        text, value = value, _object(value)
    if not isinstance(value, dict):
        raise ArgumentsNotAnObject("no object")
    try:
        made = written(value)
        made.encode()
    except ValueError:
        raise ArgumentsNotAnObject("a value that no JSON has") from None
    if made != text:
        _object(text, _once)
    return Arguments(made, value, has_nothing(value))


def _check_depth(text: str) -> None:
    if text.count("{") + text.count("[") <= _DEEPEST:
        return
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
        if depth > _DEEPEST:
            raise ArgumentsNotAnObject("nested too deeply")


def _object(text: str, pairs: Any = None) -> Any:
    try:
        return json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        raise ArgumentsNotAnObject("no JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key occurs twice")
    return made
