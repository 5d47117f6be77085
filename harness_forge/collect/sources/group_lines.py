"""Lines of a group that frame its messages: what a session began with, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.collect.sources import settings
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.shaping import LINES
from harness_forge.collect.sources.templates import reached

_OF_MESSAGES = frozenset(
    (
        *("role", "from", "content", "value", "data", "parts", "text", "message", "body"),
        *("tool_calls", "function_call", "call_id", "arguments"),
    )
)
"""Keys that a message has at least one of, in the mapping's words or in those of a known form."""
_LAST = f"{LINES}.-1."


class FramingLines:
    """Takes lines that are no messages off the ends of groups, and remembers how many.

    That is a first line with no key of a message, and a last one from which the mapping takes
    something else, such as the outcome. Anywhere else such a line may be a call or its result,
    and is refused.

    Args:
        templates: of the mapping.
    """

    def __init__(self, templates: Templates) -> None:
        named = [path for one in templates.texts() for path in one.paths]
        self._taken = [path.removeprefix(_LAST) for path in named if path.startswith(_LAST)]
        self._count = 0
        self._example: Any = None

    def without(self, said: Any) -> Any:
        """Return the messages of a group; anything but a list of several as it is."""
        if not isinstance(said, list) or len(said) < 2:
            return said
        start, end = 0, len(said)
        if self._is_none(said[0]):
            start = 1
        if self._is_taken(said[-1]) and self._is_none(said[-1]):
            end -= 1
        return said[start:end] if start < end else said

    def _is_taken(self, line: Any) -> bool:
        return isinstance(line, Mapping) and any(
            reached(path, line) is not None for path in self._taken
        )

    def _is_none(self, line: Any) -> bool:
        if not isinstance(line, Mapping) or _OF_MESSAGES & line.keys():
            return False
        self._count += 1
        self._example = self._example or dict(line)
        return True

    def notes(self) -> Iterator[str]:
        """Yield what to say of them."""
        if self._count:
            yield settings.framing(self._count, self._example)
