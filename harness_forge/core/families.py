"""A table of families: what the start of a name says it belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness_forge.core.errors import ConfigError

OTHER = "other"


class FamilyTable:
    """Regular expressions at the start of a name -> family; the first that matches wins.

    Args:
        key: the setting that holds the table, for messages.

    Raises:
        ConfigError: an expression cannot be read.
    """

    def __init__(self, key: str, table: Mapping[str, str]) -> None:
        self._rules = [(_compiled(key, rule), family) for rule, family in table.items()]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def of(self, name: str) -> str:
        """Return the family of a name; 'other' if no rule matches."""
        return next((family for rule, family in self._rules if rule.match(name)), OTHER)


def _compiled(key: str, rule: str) -> re.Pattern[str]:
    try:
        return re.compile(rule)
    except re.error as error:
        what = f"is no regular expression: {error}"
        raise ConfigError(f"{key}.{rule}", what, rule) from None
