"""Rewrites every text in a value, also inside JSON that is written as a string."""

from __future__ import annotations

import json
import re
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
"""Levels of nesting that are walked through by calls, and in which texts may hold JSON."""
_DEEPEST = 300
"""Levels of JSON in a text; one that is nested deeper is looked at as it stands."""


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
        return _deep(value, change, worth, pair)
    if isinstance(value, Mapping):
        return _mapping(value, change, worth, pair, depth + 1)
    if isinstance(value, list | tuple):
        items = [rewrite(item, change, worth, pair, depth + 1) for item in value]
        return value if all(map(is_, value, items)) else items
    return value


def _deep(value: Any, change: Change, worth: Worth, pair: Pair | None) -> Any:
    """Change every text in a value, however deep it is: Python allows no call a level there."""
    root, changed = [value], False
    waiting: list[tuple[Any, Any]] = [(root, 0)]

    def new(text: Any) -> Any:
        nonlocal changed
        if not isinstance(text, str) or not worth(text):
            return text
        made = change(text)
        changed |= made != text
        return made

    while waiting:
        holder, key = waiting.pop()
        held = holder[key]
        if isinstance(held, Mapping):
            for name, inner in held.items() if pair else ():
                if isinstance(name, str) and isinstance(inner, str):
                    pair(name, inner)
            holder[key] = copy = {new(name): inner for name, inner in held.items()}
            waiting += [(copy, name) for name in copy]
        elif isinstance(held, list | tuple):
            holder[key] = copy = list(held)
            waiting += [(copy, place) for place in range(len(copy))]
        else:
            holder[key] = new(held)
    return root[0] if changed else value


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
    try:
        dump = next((style for style in _STYLES if style(held) == text), _STYLES[1])
        return dump(new)
    except RecursionError:  # brackets in its strings hid how deep it is
        return change(text)


def _json(text: str) -> Any:
    """Return the object or list encoded in `text`; None for none."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    if text.count("{") + text.count("[") > _DEEPEST and _levels(text) > _DEEPEST:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _levels(text: str) -> int:
    """Return how deep JSON is nested, or more: brackets in its strings count too."""
    deepest = level = 0
    for bracket in _BRACKETS.findall(text):
        level += 1 if bracket in "{[" else -1
        deepest = max(deepest, level)
    return deepest


_BRACKETS = re.compile(r"[\[\]{}]")
