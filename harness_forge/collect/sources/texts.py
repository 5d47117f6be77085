"""One JSON text as a value: what models write is read, what would be lost is refused."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import orjson

from harness_forge.core import jsontext

DEEPEST = 200
"""Levels of nesting. Whatever handles a record later is recursive, and Python gives it 1,000."""


def loads(text: bytes | str) -> Any:
    """Return the value of JSON text: lone surrogates, NaN and integers of any length included.

    Raises:
        ValueError: it is none.
    """
    try:
        value = orjson.loads(text)
        if not jsontext.may_hold_long_integer(text):
            return value
    except ValueError:
        pass  # orjson is strict; Python's own reader knows what models write
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


TOO_DEEP = f"is nested too deeply: over {DEEPEST} levels"


class RecordRefused(Exception):
    """A record that is JSON and cannot be taken as it is; `args` are reason and detail."""


def demand_whole(value: Any, text: bytes | str) -> None:
    """Let a record pass of which nothing is lost, and which everything can handle.

    Args:
        text: what it was read from.

    Raises:
        RecordRefused: `too_deep`; `doubled_key`: a key is twice in an object.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    marks = raw.translate(None, _OTHERS)  # one pass for three counts
    if len(marks) - (colons := marks.count(b":")) > DEEPEST:
        _demand_shallow(value)
    # A reader keeps the last of two equal keys. Written again, the text then has fewer colons.
    if colons != _colons(value):
        json.loads(text, object_pairs_hook=_distinct)


_OTHERS = bytes(one for one in range(256) if one not in b":{[")


def _colons(value: Any) -> int:
    try:
        return orjson.dumps(value).count(b":")
    except TypeError:
        return -1  # what orjson cannot write is looked at key by key


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise RecordRefused("doubled_key", f"{twice[:80]!r} occurs twice in one object")
    return made


def _demand_shallow(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise RecordRefused("too_deep", TOO_DEEP)
