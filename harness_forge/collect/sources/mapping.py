"""A mapping: what of a foreign record is item, outcome, messages and the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness_forge.collect.sources.templates import (
    DIGEST,
    MappingTemplate,
    Misfit,
    parsed,
    reached,
    word_of,
)
from harness_forge.collect.sources.tools import OfferedTools
from harness_forge.config.source import MappingConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.families import FamilyTable

MESSAGE, AGENT = "@message", "@agent"
"""What a mapping's `agent` calls each message of a conversation; the key of what it says there."""
SKIP, WITHOUT = "skip", "none"
"""In a mapping's `roles`: no message, to be passed over; the word for a line without a role."""


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
        self._has_agents = MESSAGE in self._templates["agent"].names
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

    def messages(self, raw: Any, scope: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """Return messages with their keys and roles in our words, by the mapping's tables.

        Where `agent` is of each message, its name is in the message, under `AGENT`.
        """
        keys, roles = self.config.message_keys, self.config.roles
        if isinstance(raw, str):
            raw = parsed(raw)
        if not (keys or roles or self._has_agents) or not isinstance(raw, list):
            return raw
        made = [renamed(one, keys, roles) if isinstance(one, Mapping) else one for one in raw]
        for one, message in zip(raw, made, strict=True) if self._has_agents else ():
            if isinstance(one, Mapping) and (name := self.word("agent", {**scope, MESSAGE: one})):
                message[AGENT] = name
        return [one for one in made if not is_skipped(one)] if SKIP in roles.values() else made

    def outcome(self, scope: Mapping[str, Any]) -> Any:
        """Return the outcome, by the mapping's table where that has it."""
        return self.worth(self.value("outcome", scope))

    def worth(self, raw: Any) -> Any:
        """Return what an outcome is worth by the mapping's table, or itself if it is not there."""
        table = self.config.outcomes
        if not table or raw is None or isinstance(raw, Mapping | list):
            return raw
        return table.get(word_of(raw), raw)

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
    if WITHOUT in roles and not {"role", "from"} & named.keys():
        named["role"] = roles[WITHOUT]
    return named


def is_skipped(message: Any) -> bool:
    """Return whether a mapping's roles say that a line is no message."""
    return isinstance(message, Mapping) and SKIP in (message.get("role"), message.get("from"))


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
