"""Escapes text that PostgreSQL cannot store, visibly and reversibly.

Model output may hold NUL characters and lone surrogates; `text` and `jsonb`
reject both. Each is stored as U+241B (the picture of ESC) and four hex
digits, so NUL reads `␛0000`; U+241B itself becomes `␛241b`, which makes the
form reversible. Numbers that JSON does not know are stored as the strings
`NaN`, `Infinity` and `-Infinity`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any

_UNSTORABLE = re.compile("[\x00\u241b\ud800-\udfff]")
_ESCAPED = re.compile("\u241b([0-9a-f]{4})")


def escape(text: str) -> str:
    """Return `text` with the characters that PostgreSQL rejects escaped."""
    if _is_storable(text):
        return text
    return _UNSTORABLE.sub(lambda found: f"\u241b{ord(found[0]):04x}", text)


def _is_storable(text: str) -> bool:
    # Looking for one character is many times as fast as a regular expression for a set.
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return "\u241b" not in text


def unescape(text: str) -> str:
    """Undo `escape`."""
    if "\u241b" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def storable(value: Any) -> Any:
    """Return `value` as plain JSON that PostgreSQL accepts.

    Mappings become dicts, sequences lists, sets sorted lists, enums their
    values, bytes text (what is not UTF-8 as surrogates); anything unknown becomes its `str`.
    """
    if isinstance(value, str):
        return escape(value.value if isinstance(value, Enum) else value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _not_finite(value)
    if isinstance(value, Mapping):
        return {escape(str(key)): storable(inner) for key, inner in value.items()}
    return _storable_object(value)


def restored(value: Any) -> Any:
    """Return JSON read from the store with its strings unescaped."""
    if isinstance(value, str):
        return unescape(value)
    if isinstance(value, Mapping):
        return {unescape(key): restored(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [restored(inner) for inner in value]
    return value


def _storable_object(value: Any) -> Any:
    if isinstance(value, Enum):
        return storable(value.value)
    if isinstance(value, Set):
        return sorted((storable(inner) for inner in value), key=str)
    if isinstance(value, bytes | bytearray):
        return escape(value.decode("utf-8", "surrogateescape"))
    if isinstance(value, Sequence):
        return [storable(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return storable(asdict(value))
    return escape(str(value))


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
