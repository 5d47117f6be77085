"""Templates: values picked out of a foreign record, without code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.texts import loads
from harness_forge.collect.sources.tools import OfferedTools
from harness_forge.config.source import MappingConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.families import FamilyTable

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
        return None if value is None else _word(value)

    def _picked(self, scope: Mapping[str, Any]) -> list[Any]:
        return [_first(choices, scope) for choices in self._places]

    def _joined(self, picked: Sequence[Any]) -> Any:
        if self._alone:
            return picked[0]
        if any(value is None for value in picked):
            return None
        words = [_word(value) for value in picked]
        return "".join(
            literal + word for literal, word in zip(self._literals, [*words, ""], strict=True)
        )


class Templates:
    """Every text of a mapping, compiled; its regular expressions too.

    Raises:
        ConfigError: a text or a regular expression is none, a key that the reader needs is
            empty, or the ends of the reward leave nothing between them.
    """

    def __init__(self, mapping: MappingConfig, needed: Sequence[str] = ()) -> None:
        self.config = mapping
        _demand_a_range(mapping)
        for key in needed:
            if not getattr(mapping, key):
                raise ConfigError(f"source.mapping.{key}", "must be set", "docs/sources.md")
        self._templates = {
            name: MappingTemplate(f"source.mapping.{name}", value)
            for name, value in vars(mapping).items()
            if isinstance(value, str) and name not in ("name_pattern", "group_pattern")
        }
        self._signals = {
            name: MappingTemplate(f"source.mapping.signals.{name}", text)
            for name, text in mapping.signals.items()
        }
        self._offered = OfferedTools()
        self._name = _pattern("name_pattern", mapping.name_pattern)
        self._group = _pattern("group_pattern", mapping.group_pattern)
        self._families = FamilyTable("source.mapping.families", mapping.families)

    def texts(self) -> list[MappingTemplate]:
        """Return its texts that are not empty."""
        return [one for one in (*self._templates.values(), *self._signals.values()) if one.text]

    def scope_of(self, path: Path) -> dict[str, Any]:
        """Return what a file's name says: `@stem` and the groups of `name_pattern`.

        `@digest` is there if the mapping names it: of each record it is made later.
        """
        match = self._name.search(path.as_posix()) if self._name else None
        named = match.groupdict() if match else {}
        stem = path.name.split(".json")[0].removesuffix(".parquet")
        wanted = {DIGEST: None} if DIGEST in self._named() else {}
        return {"@stem": stem, **wanted, **{f"@{name}": value for name, value in named.items()}}

    def named_fields(self, scope: Mapping[str, Any]) -> dict[str, str]:
        """Return what of a file's name the mapping uses: another name is then another file."""
        used = self._named()
        return {
            name: str(value)
            for name, value in sorted(scope.items())
            if name in used and isinstance(value, str)
        }

    def _named(self) -> set[str]:
        every = [*self._templates.values(), *self._signals.values()]
        return {step for one in every for step in one.names}

    def messages(self, raw: Any) -> Any:
        """Return messages with their keys and roles in our words, by the mapping's tables."""
        keys, roles = self.config.message_keys, self.config.roles
        if isinstance(raw, str):
            raw = parsed(raw)
        if not (keys or roles) or not isinstance(raw, list):
            return raw
        return [renamed(one, keys, roles) if isinstance(one, Mapping) else one for one in raw]

    def outcome(self, scope: Mapping[str, Any]) -> Any:
        """Return the outcome, by the mapping's table where that has it."""
        return self.worth(self.value("outcome", scope))

    def worth(self, raw: Any) -> Any:
        """Return what an outcome is worth by the mapping's table, or itself if it is not there."""
        table = self.config.outcomes
        if not table or raw is None or isinstance(raw, Mapping | list):
            return raw
        return table.get(_word(raw), raw)

    def tools(self, scope: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
        """Return the tools that were offered, in OpenAI's form; None where there are none.

        Raises:
            Malformed: they are in no known form.
        """
        raw = self.value("tools", scope)
        return None if raw is None else self._offered.of(raw)

    def value(self, key: str, scope: Mapping[str, Any]) -> Any:
        """Return the value of one key of the mapping, None where there is none."""
        return self._templates[key].value(scope)

    def signals(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return what else the record says of an attempt, by its name."""
        found = {name: one.value(scope) for name, one in self._signals.items()}
        return {name: value for name, value in found.items() if value is not None}

    def word(self, key: str, scope: Mapping[str, Any]) -> str | None:
        """Return it as a text; one of blanks names nothing."""
        found = self._templates[key].word(scope)
        return None if found and found.isspace() else found

    def demand(self, key: str, scope: Mapping[str, Any]) -> str:
        """Return it as a text that is neither empty nor blank.

        Raises:
            Misfit: there is none.
        """
        if not (found := self.word(key, scope)):
            raise Misfit(f"no {key} at {self._templates[key].text}")
        return found

    def family(self, scope: Mapping[str, Any], otherwise: str) -> str:
        """Return the family of the record's item."""
        said = self.word("family", scope) or otherwise
        return self._families.of(said) if self._families else said

    def group(self, scope: Mapping[str, Any], otherwise: str) -> str:
        """Return the cluster of near-identical items that the record's item is of."""
        said = self.word("group", scope) or otherwise
        match = self._group.search(said) if self._group else None
        if not match:
            return said
        return "/".join(filter(None, match.groups())) or match[0]


def renamed(
    message: Mapping[str, Any], keys: Mapping[str, str], roles: Mapping[str, str]
) -> dict[str, Any]:
    """Return a message with its keys and its role in our words, by a mapping's tables."""
    inner = {key: key.split(".")[0] for key in keys if "." in key and key not in message}
    moved = {*keys, *inner.values()}
    named = {key: value for key, value in message.items() if key not in moved}
    for key, ours in keys.items():
        value = reached(key, message) if key in inner else message.get(key)
        # Of two keys that mean the same, an empty one takes nothing away.
        if value is not None and (value != "" or ours not in named):
            named[ours] = value
    for key in ("role", "from"):
        if isinstance(word := named.get(key), str) and word in roles:
            named[key] = roles[word]
    return named


def _demand_a_range(mapping: MappingConfig) -> None:
    low, high = mapping.reward_min, mapping.reward_max
    if not low < high:
        raise ConfigError(
            "source.mapping.reward_min",
            f"must be less than source.mapping.reward_max: {low:g} is not less than {high:g}",
            "where the least number is the best, as of errors or of a loss:"
            " source.mapping.lower_is_better=true",
        )


def _pattern(key: str, text: str) -> re.Pattern | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ConfigError(
            f"source.mapping.{key}", f"is no regular expression: {error}", text
        ) from None


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


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)
