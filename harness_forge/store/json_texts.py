"""JSON texts of values, as columns take them: each value of an attempt is written once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

from harness_forge.store.escaping import storable

_DEEPEST = 100
"""Levels within which a value is written the fast way; deeper ones are looked at with care."""


class JsonTexts:
    """Writes values as JSON texts, and remembers the text of each object.

    The turns of a conversation hold the messages before them: without this, a message is
    written as often as there are turns behind it.
    """

    def __init__(self) -> None:
        # The value is kept beside its text, for an id is given again when its object is gone.
        self._known: dict[int, tuple[Any, str]] = {}

    def of(self, value: Any) -> str:
        """Return the text of a value.

        Raises:
            RecursionError: it is nested too deeply.
        """
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, json_text(value))
        return known[1]

    def of_list(self, values: Sequence[Any]) -> str:
        """Return the text of a list, of which each element is remembered by itself.

        Raises:
            RecursionError: one is nested too deeply.
        """
        return f"[{','.join(map(self.of, values))}]"


def json_text(value: Any) -> str:
    """Return a value as JSON text that PostgreSQL accepts: what `storable` makes of it.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if is_plain(value):
        try:
            text = orjson.dumps(value).decode()
            if "\\u0000" not in text and "\u241b" not in text:
                return text
        except TypeError:
            pass  # an integer of more than 64 bits, half a surrogate pair
    return json.dumps(storable(value), ensure_ascii=False, separators=(",", ":"))


def is_plain(value: Any, levels: int = _DEEPEST) -> bool:
    """Return whether a value is such that orjson and `json` write the same of it.

    They differ in floats with an exponent, in keys that are no texts, and in what is no JSON.
    """
    kind = type(value)
    if kind is dict:
        if not levels:
            return False
        for key, inner in value.items():
            if type(key) is not str or not (type(inner) is str or is_plain(inner, levels - 1)):
                return False
        return True
    if kind is list:
        return bool(levels) and all(is_plain(inner, levels - 1) for inner in value)
    if kind is float:
        return 1e-4 <= abs(value) < 1e16 or value == 0
    return value is None or kind in _SCALARS


_SCALARS = frozenset((str, int, bool))
