"""Tools that were offered: from a file, or as the recorded calls show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from harness_forge.collect.sources.texts import loads
from harness_forge.core.chat import calls, tools
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.errors import SourceError
from harness_forge.core.records import Message

_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}


def from_file(path: Path) -> list[Mapping[str, Any]]:
    """Return the tools of a JSON file, in OpenAI's form.

    Raises:
        SourceError: it holds no list of tools, or one in no known form.
    """
    try:
        held = loads(path.read_bytes())
    except (OSError, ValueError) as error:
        said = str(getattr(error, "strerror", None) or error)
        raise SourceError(str(path), f"cannot be read: {said}", "source.tools_file") from None
    try:
        return [tools.canonical_tool(one) for one in tools.read_tools(held)]
    except Malformed as fault:
        raise SourceError(str(path), fault.args[0], "a list of tools, as OpenAI has it") from None


class OfferedTools:
    """Reads the tools of records: once where one record after the other offers the same."""

    def __init__(self) -> None:
        self._raw: Any = None
        self._text = b""
        self._tools: Sequence[Mapping[str, Any]] = []

    def of(self, raw: Any) -> Sequence[Mapping[str, Any]]:
        """Return tools in OpenAI's form.

        Raises:
            Malformed: they are in no known form.
        """
        try:
            text = orjson.dumps(raw)
        except TypeError:
            return tools.read_tools(raw)
        # The text alone says nothing of NaN, equality nothing of the order of keys.
        if text != self._text or raw != self._raw:
            self._tools = tools.read_tools(raw)
            self._raw, self._text = raw, text
        return self._tools


class ObservedSchemas:
    """Schemas made of recorded calls: every name and type that was seen, nothing else."""

    def __init__(self) -> None:
        self._calls: dict[str, int] = {}
        self._types: dict[str, dict[str, set[str]]] = {}
        self._counts: dict[str, dict[str, int]] = {}

    def add(self, messages: Iterable[Message]) -> None:
        """Take in the calls of a conversation."""
        for message in messages:
            said = message.get("tool_calls")
            for one in said if isinstance(said, list) else ():
                if (read := calls.meant(one)) is not None:
                    self._count(read.name, read.arguments)

    def _count(self, name: str, arguments: Mapping[str, Any]) -> None:
        self._calls[name] = self._calls.get(name, 0) + 1
        types = self._types.setdefault(name, {})
        counts = self._counts.setdefault(name, {})
        for key, value in arguments.items():
            types.setdefault(key, set()).add(_TYPES[type(value)])
            counts[key] = counts.get(key, 0) + 1

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        """Return one schema a tool, sorted by name."""
        return [self._schema(name) for name in sorted(self._calls)]

    def _schema(self, name: str) -> dict[str, Any]:
        types, counts = self._types[name], self._counts[name]
        kinds = {key: sorted(types[key]) for key in sorted(types)}
        return {
            "type": "function",
            "function": {
                "name": name,
                "parameters": {
                    "type": "object",
                    "properties": {
                        key: {"type": kind[0] if len(kind) == 1 else kind}
                        for key, kind in kinds.items()
                    },
                    "required": [key for key in kinds if counts[key] == self._calls[name]],
                },
            },
        }
