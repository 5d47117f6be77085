"""Texts with an item's fields in them.

Stricter than the mappings of sources: a field that is missing is a fault, for a
prompt without it would be another question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from harness_forge.core.errors import ConfigError, RunError
from harness_forge.core.hints import did_you_mean

_INDENT = "|indent:"
"""Behind a field: its lines are moved so that the first begins as another field says."""
_PART = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


class TextTemplate:
    """A text in which `{field}` or `{field.key.0}` stands for a value; `{{` is a brace.

    `{code|indent:margin}` is `code`, moved to the right or left as a whole so that its first
    line begins with the blanks of `margin`.

    Args:
        key: of the setting, for faults.

    Raises:
        ConfigError: a brace stands alone.
    """

    def __init__(self, key: str, text: str) -> None:
        self._key, self._text = key, text
        for part in _PART.finditer(text):
            if part[0] in ("{", "}") or (part[1] is not None and not part[1].strip()):
                raise ConfigError(
                    f"skill.command.{key}",
                    f"a brace stands alone at {text[part.start() : part.start() + 20]!r}",
                    "a field is {name}; write {{ and }} for braces",
                )

    def render(self, scope: Mapping[str, Any], place: str) -> str:
        """Return the text with the values of `scope`.

        Args:
            place: where the item comes from, for faults.

        Raises:
            RunError: a field is missing.
        """

        def filled(part: re.Match[str]) -> str:
            if part[1] is None:
                return part[0][0]
            path, moved, margin = part[1].partition(_INDENT)
            value = self._value(path.strip(), scope, place)
            return indented(value, self._value(margin.strip(), scope, place)) if moved else value

        return _PART.sub(filled, self._text)

    def _value(self, path: str, scope: Mapping[str, Any], place: str) -> str:
        try:
            return word(_found(scope, path))
        except LookupError:
            raise RunError(
                place,
                f"has no field '{path}', which skill.command.{self._key} names",
                f"{did_you_mean(path, scope)}its fields: {', '.join(map(str, scope))}",
            ) from None


def _found(value: Any, path: str) -> Any:
    """Return what a path leads to; a field's name may have dots in it, as a column's may.

    Raises:
        LookupError: it leads to nothing.
    """
    if isinstance(value, list):
        step, dot, rest = path.partition(".")
        if step.isdecimal() and int(step) < len(value):
            return _found(value[int(step)], rest) if dot else value[int(step)]
    elif isinstance(value, Mapping):
        head, rest = path, ""
        while head and head not in value:  # the longest name counts
            head = head.rpartition(".")[0]
            rest = path[len(head) + 1 :]
        if head in value and (rest or head == path):
            return _found(value[head], rest) if rest else value[head]
    raise LookupError(path)


def word(value: Any) -> str:
    """Return a value as a template writes it: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def fields(text: str) -> set[str]:
    """Return the names that the fields may have that a template's text takes values from.

    Of `{a.b.c}` these are `a`, `a.b` and `a.b.c`: a name may have dots in it.
    """
    parts = (part[1].split(_INDENT) for part in _PART.finditer(text) if part[1] is not None)
    found = (path.strip().split(".") for paths in parts for path in paths)
    return {".".join(steps[:end]) for steps in found for end in range(1, len(steps) + 1)}


def indented(text: str, margin: str) -> str:
    """Return lines moved so that the first one begins with `margin`; blank lines stay as they are.

    Text that begins so already is not touched: what a string over several lines holds stays.
    """
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    own = first[: len(first) - len(first.lstrip())]
    if own == margin:
        return text
    return "".join(
        margin + line.removeprefix(own) if line.strip() and line.startswith(own) else line
        for line in lines
    )
