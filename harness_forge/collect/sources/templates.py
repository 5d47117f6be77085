"""Templates: texts with places that are filled from a foreign record, without code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from harness_forge.collect.sources.texts import loads
from harness_forge.core.errors import ConfigError

_PLACE = re.compile(r"""\{((?:[^{}'"]|'[^']*'|"[^"]*")*)\}""")
_LENGTH, _EACH = "#", "*"
DIGEST = "@digest"
"""Field that stands for what a record holds, whatever its file is called."""


_CHOICE = re.compile(r"""(?:[^|'"]|'[^']*'|"[^"]*")+""")
"""One of the choices of a place; a bar in quotes parts nothing."""


class Misfit(Exception):
    """A record that does not fit the mapping; `args[0]` says what is missing."""


class MappingTemplate:
    """One text of a mapping, read once.

    Args:
        key: dotted, of the configuration.
        text: literal text with places in braces; one place alone gives its value.

    Raises:
        ConfigError: a brace has no partner, or a place names no field.
    """

    def __init__(self, key: str, text: str) -> None:
        self.key, self.text = key, text
        found = _PLACE.findall(text)
        self._demand_whole_places(found)
        self._places = [
            [_steps(choice) for choice in _CHOICE.findall(place) or [""]] for place in found
        ]
        self._literals = _PLACE.split(text)[::2]
        self._alone = len(found) == 1 and not any(self._literals)

    def _demand_whole_places(self, found: Sequence[str]) -> None:
        # With a brace forgotten the text is a word, and the same one for all records.
        between = "".join(_PLACE.split(self.text)[::2])
        if "{" in between or "}" in between:
            what = f"has a brace or a quote without its partner: {self.text}"
            raise ConfigError(self.key, what, "a place is in braces: {FIELD}, {FIELD.KEY}")
        if not all(place.strip() for place in found):
            raise ConfigError(self.key, f"has braces around nothing: {self.text}", "{FIELD}")

    @property
    def names(self) -> set[str]:
        """The fields at the top that it names."""
        return {choice[0] for place in self._places for choice in place if isinstance(choice, list)}

    @property
    def paths(self) -> list[str]:
        """The paths that it names, without quotes; none where a word stands in for one."""
        choices = [choice for place in self._places for choice in place]
        if any(isinstance(choice, str) for choice in choices):
            return []
        return [".".join(choice) for choice in choices]

    def value(self, scope: Mapping[str, Any]) -> Any:
        """Return the value, None where there is none; of several places a text."""
        if not self.text:
            return None
        if self._alone:
            return _first(self._places[0], scope)
        return self._joined([_first(choices, scope) for choices in self._places])

    def word(self, scope: Mapping[str, Any]) -> str | None:
        """Return the value as a text; a number as it was written."""
        if not self.text:
            return None
        picked = self._picked(scope)
        if self._alone and (picked[0] is None or isinstance(picked[0], str)):
            return picked[0]
        if scope.get("@text") and any(isinstance(value, float) for value in picked):
            # 1.10 and 1.1 are equal as numbers and different as names.
            written = self._picked(scope | json.loads(scope["@text"], parse_float=str))
            picked = list(map(_as_written, picked, written))
        value = self._joined(picked)
        return None if value is None else word_of(value)

    def _picked(self, scope: Mapping[str, Any]) -> list[Any]:
        return [_first(choices, scope) for choices in self._places]

    def _joined(self, picked: Sequence[Any]) -> Any:
        if self._alone:
            return picked[0]
        if any(value is None for value in picked):
            return None
        words = [word_of(value) for value in picked]
        return "".join(
            literal + word for literal, word in zip(self._literals, [*words, ""], strict=True)
        )


_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)"|([^.'"]+)""")
"""A step of a path: in quotes, or up to the next dot."""


class Key(str):
    """A step that was in quotes: one key, whatever it looks like."""

    __slots__ = ()


def _steps(choice: str) -> str | list[str]:
    """Return a literal in single quotes as text, a path as its steps."""
    choice = choice.strip()
    if len(choice) > 1 and choice[0] == choice[-1] == "'" and "'" not in choice[1:-1]:
        return choice[1:-1]
    if "'" not in choice and '"' not in choice:
        return choice.split(".")
    return [
        found[3] if found[3] is not None else Key(found[1] if found[1] is not None else found[2])
        for found in _QUOTED.finditer(choice)
    ]


def _first(choices: Sequence[str | list[str]], scope: Mapping[str, Any]) -> Any:
    for choice in choices:
        if isinstance(choice, str):
            value = choice
        elif len(choice) == 1 and type(scope) is dict:  # most are one key of the record
            value = scope.get(choice[0])
        else:
            value = _reached(choice, scope)
        if value is not None:
            return value
    return None


def reached(path: str, value: Any) -> Any:
    """Return what a dotted path leads to, None where it leads nowhere."""
    steps = _steps(path)
    return _reached([steps] if isinstance(steps, str) else steps, value)


_OBJECT = (dict, Mapping)
"""What keys are looked up in; asked for a dictionary first, which takes a third of the time."""


def _reached(steps: Sequence[str], value: Any) -> Any:
    for place, step in enumerate(steps):
        if isinstance(value, str):
            value = parsed(value)
        if isinstance(value, _OBJECT):
            if step not in value:
                return None if isinstance(step, Key) else _dotted(steps[place:], value)
            value = value[step]
        elif not isinstance(value, list) or isinstance(step, Key):
            return None
        elif step == _EACH:
            found = [_reached(steps[place + 1 :], one) for one in value]
            return [one for one in found if one is not None]
        elif step == _LENGTH:
            value = len(value)
        elif step.lstrip("-").isdecimal():
            at = int(step)
            value = value[at] if -len(value) <= at < len(value) else None
        else:
            return None
    return value


def parsed(text: str) -> Any:
    """Return the value of a text that is a JSON object or list; the text itself otherwise."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return text


def _dotted(steps: Sequence[str], value: Mapping[str, Any]) -> Any:
    """Return what is reached by a key that holds dots itself, as tracers write them."""
    for end in range(2, len(steps) + 1):
        if (key := ".".join(steps[:end])) in value:
            return _reached(steps[end:], value[key])
    return None


def _as_written(value: Any, written: Any) -> Any:
    same = isinstance(value, float) and isinstance(written, str) and repr(value) != written
    with suppress(ValueError):
        return written if same and float(written) == value else value
    return value


def word_of(value: Any) -> str:
    """Return a value as a word: `true`, not `True`, and JSON for what holds others."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)
