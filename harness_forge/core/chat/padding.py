"""Removes nulls and empty values that a columnar file added for missing keys (padding).

Arrow gives every object of a column the keys of all of them: arguments get the other
tools' properties, schemas the other schemas' keywords, all null, or with nothing but nulls
inside. Certain padding is removed; a null that may be padding and may be meant is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from harness_forge.core.chat.arguments import has_nothing
from harness_forge.core.chat.faults import MessagesRefused
from harness_forge.core.chat.tools import Tool, schema_of

_NAMED = ("properties", "$defs", "definitions", "patternProperties")
_NESTED = ("items", "additionalProperties", "not", "if", "then", "else")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_EMPTY: tuple[Any, ...] = ("", [], {})
_MEANT = ("default", "const")
"""Keywords that may have a null value."""


def unpadded_tools(tools: Sequence[Any]) -> list[Any]:
    """Return tools without nulls in place of a schema or a text; unchanged where there are none."""
    return [_unpadded_tool(one) for one in tools if one is not None]


def _unpadded_tool(tool: Tool) -> Tool:
    function = {
        key: _schema(value) if key == "parameters" else value
        for key, value in tool["function"].items()
        if value is not None
    }
    made = {key: value for key, value in tool.items() if value is not None}
    return {**made, "function": function}


def _schema(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    padded = any(value is None for key, value in schema.items() if key not in _MEANT)
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "enum" and value == []:  # of which nothing would be valid
            continue
        if value is None and (key not in _MEANT or padded or _never_null(schema, key)):
            continue
        if key in _NAMED and isinstance(value, Mapping):
            value = {name: _schema(one) for name, one in value.items() if not hollow(one)}
        elif key in _LISTED and isinstance(value, list):
            value = [_schema(one) for one in value if not hollow(one)]
        elif key in _NESTED and hollow(value):
            continue
        elif key in _NESTED:
            value = _schema(value)
        made[key] = value
    return made


def hollow(value: Any) -> bool:
    """Return whether a value is null or contains only nulls."""
    if isinstance(value, Mapping):
        return bool(value) and all(map(hollow, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(hollow, value))
    return value is None


def _never_null(schema: Mapping[str, Any], key: str) -> bool:
    """Return whether a null under `const` would make every value invalid."""
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return key == "const" and isinstance(kinds, list) and "null" not in kinds


def unpadded_arguments(
    arguments: Mapping[str, Any], tool: Tool | None, others: Collection[str]
) -> Mapping[str, Any]:
    """Return arguments without certain padding; the same object where there is none.

    Args:
        tool: the one called; None where it was not offered.
        others: names of properties of all tools offered.

    Raises:
        MessagesRefused: `padded_arguments`: a null may be padding and may be meant.
    """
    if not has_nothing(arguments):
        return arguments
    if tool is None:
        if any(hollow(value) and key in others for key, value in arguments.items()):
            raise MessagesRefused("padded_arguments")
        return arguments
    schema = schema_of(tool)
    without_empty = _without_empty(arguments, schema, others)
    return _unpadded(without_empty, schema, schema, others)


def _without_empty(
    arguments: Mapping[str, Any], schema: Mapping[str, Any], others: Collection[str]
) -> Mapping[str, Any]:
    """Return arguments without empty values under names that only other tools have."""
    own, required = schema.get("properties") or {}, schema.get("required") or ()
    foreign = [key for key in arguments if key not in own and key in others]
    empty = [key for key in foreign if arguments[key] in _EMPTY]
    if not empty or schema.get("additionalProperties"):
        return arguments
    for key, value in arguments.items():
        if key in own and key not in required and any(value == arguments[one] for one in empty):
            raise MessagesRefused("padded_arguments")
    return {key: value for key, value in arguments.items() if key not in empty}


def _unpadded(value: Any, schema: Any, root: Mapping[str, Any], others: Collection[str]) -> Any:
    schema = _resolved(schema, root)
    if isinstance(value, list):
        inner = schema.get("items")
        return [_unpadded(one, inner, root, others) for one in value]
    if not isinstance(value, Mapping):
        return value
    own = schema.get("properties")
    own = own if isinstance(own, Mapping) else {}
    foreign = [key for key, one in value.items() if hollow(one) and key not in own]
    _check_open_names(foreign, schema, others)
    kept = {key: one for key, one in value.items() if key not in foreign}
    kept = _without_unsaid(kept, own, schema, root, bool(foreign))
    return {key: _unpadded(one, own.get(key), root, others) for key, one in kept.items()}


def _check_open_names(
    foreign: Collection[str], schema: Mapping[str, Any], others: Collection[str]
) -> None:
    """Refuse nulls under undeclared names, where a tool accepts undeclared names."""
    if schema.get("additionalProperties") and any(key in others for key in foreign):
        raise MessagesRefused("padded_arguments")


def _without_unsaid(
    kept: dict[str, Any],
    own: Mapping[str, Any],
    schema: Mapping[str, Any],
    root: Mapping[str, Any],
    padded: bool,
) -> dict[str, Any]:
    """Return arguments without nulls under optional names with a schema that excludes null.

    Args:
        padded: other nulls are padding, so that one that may be meant may be padding too.
    """
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    made = {}
    for key, value in kept.items():
        empty = value is None or (padded and hollow(value))
        if empty and key not in required and key in own:
            if not _may_be_null(_resolved(own[key], root)):
                continue
            if padded and value is None:
                raise MessagesRefused("padded_arguments")
        made[key] = value
    return made


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    if any(key in schema for key in ("anyOf", "oneOf", "allOf", "$ref")):
        listed = [one for key in ("anyOf", "oneOf") for one in schema.get(key) or ()]
        return not listed or any(isinstance(one, Mapping) and _may_be_null(one) for one in listed)
    if "enum" in schema:
        return None in (schema["enum"] or [None])
    kinds = schema.get("type")
    return kinds is None or kinds == "null" or (isinstance(kinds, list) and "null" in kinds)


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that a reference within the tool's schema points to."""
    for _ in range(8):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        schema = root
        for name in reference[2:].split("/"):
            schema = schema.get(name) if isinstance(schema, Mapping) else None
    return schema if isinstance(schema, Mapping) else {}
