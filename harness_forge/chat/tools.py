"""Tool definitions, in every form that is known: OpenAI's own is made of them.

Known are OpenAI's nested form, the flat one of its Responses, the functions of
before November 2023, Anthropic's `input_schema` and MCP's `inputSchema`; the
list may be a JSON text, and so may a schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge import jsontext
from harness_forge.chat.faults import Malformed, kind

Tool = Mapping[str, Any]

_SCHEMAS = ("parameters", "input_schema", "inputSchema")
_FLAT_TYPES = (None, "function", "custom")


def read(raw: Any) -> list[Any]:
    """Return a list of tools, each of known form in OpenAI's and any other as it is.

    Raises:
        Malformed: it is no list of anything.
    """
    if isinstance(raw, str):
        try:
            raw = jsontext.loads(raw) if raw.strip() else []
        except ValueError:
            raise Malformed("tools are a text that is no JSON") from None
    if raw is None:
        return []
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise Malformed(f"tools are {kind(raw)}, not a list")
    return [_known_or_as_it_is(one) for one in raw]


def _known_or_as_it_is(raw: Any) -> Any:
    try:
        return tool(raw)
    except Malformed:
        return raw


def offered(request: Mapping[str, Any]) -> list[Any]:
    """Return the tools of a request to a chat endpoint.

    Raises:
        Malformed: as `read`.
    """
    own = request.get("tools")
    return read(request.get("functions") if own is None else own)


def tool(raw: Any) -> Tool:
    """Return one tool in OpenAI's form; one that is in it comes back as it is.

    Raises:
        Malformed: it is in no known form.
    """
    if not isinstance(raw, Mapping):
        raise Malformed(f"a tool is {kind(raw)}, not an object")
    inner = raw.get("function")
    if isinstance(inner, Mapping) and isinstance(inner.get("name"), str):
        function = _function(inner)
        if function is inner and raw.get("type") == "function":
            return raw
        return {"type": "function", **raw, "function": function}
    if isinstance(raw.get("name"), str) and raw.get("type") in _FLAT_TYPES:
        flat = {key: value for key, value in raw.items() if key != "type" and value is not None}
        if raw.get("type") != "custom" or any(key in flat for key in _SCHEMAS):
            return {"type": "function", "function": dict(_function(flat))}
    raise Malformed(f"a tool is in no known form: {', '.join(map(str, raw)) or 'no keys'}"[:120])


def _function(raw: Tool) -> Tool:
    """Return a function with its schema under `parameters`, where it has one."""
    if all(key not in raw for key in _SCHEMAS[1:]) and not isinstance(raw.get("parameters"), str):
        return raw
    named = {"parameters" if key in _SCHEMAS else key: value for key, value in raw.items()}
    if isinstance(schema := named["parameters"], str):
        try:
            named["parameters"] = jsontext.loads(schema)
        except ValueError:
            raise Malformed("a tool's parameters are a text that is no JSON") from None
    return named


def name_of(raw: Any) -> str | None:
    """Return the name of a tool in OpenAI's form; None where it has none."""
    function = raw.get("function") if isinstance(raw, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    return name if isinstance(name, str) else None


def schema_of(raw: Tool) -> Mapping[str, Any]:
    """Return the schema of a tool's arguments; a tool without one takes none."""
    schema = raw["function"].get("parameters")
    return schema if isinstance(schema, Mapping) else {}
