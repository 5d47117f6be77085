"""The call of a Gemma 4: `call:NAME{key:value,...}`, with texts between marks of their own.

A value is a text, a number, true, false, null, a list or an object. Keys are bare, or between
the marks of a text inside of an object.
"""

from __future__ import annotations

import re
from typing import Any

TEXT = '<|"|>'
"""The mark before and after a text; nothing in a text is escaped."""

_NAME = re.compile(r"call:([^\s{}]+)\{")
_KEY = re.compile(r'([^\s:{}\[\],<>"]+):')
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true|false|null")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DEEPEST = 50


class _Misfit(ValueError):
    """The text is not in the form."""


def body(text: str) -> tuple[str, dict[str, Any]] | None:
    """Return name and arguments of one call; None if the text is not exactly one."""
    head = _NAME.match(text)
    if head is None:
        return None
    try:
        arguments, end = _object(text, head.end(), 0)
    except _Misfit:
        return None
    return (head[1], arguments) if end == len(text) else None


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    """Return the object whose `{` was just before `at`, and where it ends."""
    found: dict[str, Any] = {}
    if text[at : at + 1] == "}":
        return found, at + 1
    while True:
        key, at = _key(text, at)
        if key in found:
            raise _Misfit
        found[key], at = _value(text, at, depth)
        if text[at : at + 1] == "}":
            return found, at + 1
        at = _comma(text, at)


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    if text[at : at + 1] == "]":
        return found, at + 1
    while True:
        value, at = _value(text, at, depth)
        found.append(value)
        if text[at : at + 1] == "]":
            return found, at + 1
        at = _comma(text, at)


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise _Misfit
    if text.startswith(TEXT, at):
        return _text(text, at)
    first = text[at : at + 1]
    if first == "{":
        return _object(text, at + 1, depth + 1)
    if first == "[":
        return _list(text, at + 1, depth + 1)
    if word := _WORD.match(text, at):
        return _WORDS[word[0]], word.end()
    if number := _NUMBER.match(text, at):
        whole = number[0].lstrip("-").isdigit()
        return (int if whole else float)(number[0]), number.end()
    raise _Misfit


def _text(text: str, at: int) -> tuple[str, int]:
    start = at + len(TEXT)
    end = text.find(TEXT, start)
    if end < 0:
        raise _Misfit
    return text[start:end], end + len(TEXT)


def _key(text: str, at: int) -> tuple[str, int]:
    if text.startswith(TEXT, at):
        key, at = _text(text, at)
        if text[at : at + 1] != ":":
            raise _Misfit
        return key, at + 1
    found = _KEY.match(text, at)
    if found is None:
        raise _Misfit
    return found[1], found.end()


def _comma(text: str, at: int) -> int:
    if text[at : at + 1] != ",":
        raise _Misfit
    return at + 1
