"""The functions of OVAL's local variables, on plain values.

Functions that need a machine (counts of collected items, time differences)
return no value.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element

_REGEX_SPECIAL = re.compile(r"([\^$\\.\[\](){}*+?|])")


def apply(name: str, element: _Element, parts: list[list[str]]) -> list[str]:
    """Return the values of an OVAL function of its components; [] if it needs a machine."""
    match name:
        case "concat":
            return ["".join(words) for words in itertools.product(*parts)]
        case "escape_regex":
            return [_REGEX_SPECIAL.sub(r"\\\1", value) for value in parts[0]]
        case "unique":
            return list(dict.fromkeys(itertools.chain(*parts)))
        case "split":
            delimiter = element.get("delimiter", "")
            return [word for value in parts[0] for word in value.split(delimiter)]
        case "begin" | "end":
            return [_padded(value, element.get("character", ""), name) for value in parts[0]]
        case "substring":
            start, length = (
                int(element.get("substring_start")),
                int(element.get("substring_length")),
            )
            stop = None if length < 0 else start - 1 + length
            return [value[start - 1 : stop] for value in parts[0]]
        case "regex_capture":
            return [_captured(element.get("pattern", ""), value) for value in parts[0]]
        case "arithmetic":
            return _arithmetic(element.get("arithmetic_operation", "add"), parts)
    return []  # count, time_difference, glob_to_regex: they depend on the machine


def _padded(value: str, character: str, side: str) -> str:
    if side == "begin":
        return value if value.startswith(character) else character + value
    return value if value.endswith(character) else value + character


def _captured(pattern: str, value: str) -> str:
    found = re.search(pattern, value)
    return (found.group(1) if found.groups() else found.group()) if found else ""


def _arithmetic(operation: str, parts: list[list[str]]) -> list[str]:
    results: list[str] = []
    for numbers in itertools.product(*parts):
        total: Any = float(numbers[0]) if numbers else 0.0
        for number in numbers[1:]:
            total = total + float(number) if operation == "add" else total * float(number)
        results.append(f"{total:g}" if total == int(total) else str(total))
    return results
