"""Rewrites every text in a value, also inside JSON that is written as a string."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from operator import is_
from typing import Any

_STYLES = tuple(
    partial(json.dumps, ensure_ascii=ascii_only, separators=separators, indent=indent)
    for ascii_only in (False, True)
    for separators, indent in (
        ((",", ":"), None),
        ((", ", ": "), None),
        ((",", ": "), 2),
        ((",", ": "), 4),
    )
)
_MANY = 200
"""Levels of nesting; what is deeper stays one text."""


Change = Callable[[str], str]
Worth = Callable[[str], bool]
Pair = Callable[[str, str], None]


def rewrite(
    value: Any, change: Change, worth: Worth, pair: Pair | None = None, depth: int = 0
) -> Any:
    """Return `value` with `change` applied to every text in it, keys included.

    What did not change is the very same object.

    Args:
        worth: says cheaply whether anything may change in a text; it is asked
            about a text with JSON as a whole, before that is parsed.
        pair: called with every key and its text, before `change` sees the text:
            a key such as `password` says what the text itself does not.
    """
    if isinstance(value, str):
        return _text(value, change, worth, pair, depth) if worth(value) else value
    if depth > _MANY:
        return value
    if isinstance(value, Mapping):
        return _mapping(value, change, worth, pair, depth + 1)
    if isinstance(value, list | tuple):
        items = [rewrite(item, change, worth, pair, depth + 1) for item in value]
        return value if all(map(is_, value, items)) else items
    return value


def _mapping(
    value: Mapping, change: Change, worth: Worth, pair: Pair | None, depth: int
) -> Mapping:
    for key, item in value.items() if pair else ():
        if isinstance(item, str) and isinstance(key, str):
            pair(key, item)
    name, held = value.get("name"), value.get("value")
    if pair and isinstance(name, str) and isinstance(held, str):
        pair(name, held)  # a variable of a container
    keys = [rewrite(key, change, worth, pair, depth) for key in value]
    items = [rewrite(item, change, worth, pair, depth) for item in value.values()]
    if all(map(is_, value, keys)) and all(map(is_, value.values(), items)):
        return value
    return dict(zip(keys, items, strict=True))


def _text(text: str, change: Change, worth: Worth, pair: Pair | None, depth: int) -> str:
    """Change a text; JSON is changed inside its strings, so that it remains JSON.

    Its style is kept where one of the usual ones gives back the very text it
    had; otherwise (numbers such as 1e5, doubled keys) it is written again.
    """
    held = _json(text) if depth <= _MANY else None
    if held is None:
        changed = change(text)
        return text if changed == text else changed
    new = rewrite(held, change, worth, pair, depth + 1)
    if new is held:
        return text
    dump = next((style for style in _STYLES if style(held) == text), _STYLES[1])
    return dump(new)


def _json(text: str) -> Any:
    """Return the object or list encoded in `text`; None for none."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
