"""Known answers of the `command` environment, broken in ways that its settings name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from harness_forge.config.command import CommandConfig, MutationConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.records import Origin, TeacherAnswer
from harness_forge.rollouts.environments.command import tool_schema
from harness_forge.rollouts.environments.command.items import Item
from harness_forge.rollouts.environments.command.templates import TextTemplate


class Mutations:
    """Breaks known answers as `mutations` says.

    Args:
        tool: the tool that an answer calls, as tool_schema has it.

    Raises:
        ConfigError: a pattern is no regular expression.
    """

    def __init__(self, config: CommandConfig, tool: Mapping[str, Any]) -> None:
        self._tool = tool
        self._mutations = {
            name: (one, _texts(f"mutations.{name}.arguments", one.arguments), _find(name, one))
            for name, one in config.mutations.items()
        }

    def of(self, item: Item, limit: int) -> list[TeacherAnswer]:
        """Return up to `limit` broken answers of an item, each different from gold."""
        found = []
        for name, (one, texts, pattern) in self._mutations.items():
            arguments = dict(item.gold)
            for key, text in texts.items():
                said = text.render(item.row, item.place)
                where = f"mutations.{name}.arguments"
                arguments[key] = tool_schema.typed(self._tool, where, key, said, item.place)
            if pattern:
                arguments = {
                    key: pattern.sub(one.replace, value, count=1)
                    if isinstance(value, str)
                    else value
                    for key, value in arguments.items()
                }
            if arguments and arguments != item.gold:
                found.append(TeacherAnswer(Origin.MUTATED, name, arguments, one.why))
        # Another comes first for another item, so that a limit leaves all kinds in.
        first = hashlib.sha256(item.id.encode()).digest()[0] % len(found) if found else 0
        return [*found[first:], *found[:first]][:limit]


def _texts(key: str, arguments: Mapping[str, str]) -> dict[str, TextTemplate]:
    return {name: TextTemplate(f"{key}.{name}", text) for name, text in arguments.items()}


def _find(name: str, one: MutationConfig) -> re.Pattern[str] | None:
    try:
        return re.compile(one.find, re.MULTILINE) if one.find else None
    except re.error as error:
        what = f"is no regular expression: {error}"
        raise ConfigError(f"skill.command.mutations.{name}.find", what) from None
