"""Tool definitions: converts every known form to OpenAI's.

Known are OpenAI's nested form, the flat one of its Responses, the functions of
before November 2023, Anthropic's `input_schema`, MCP's `inputSchema`, Gemini's
`functionDeclarations` and Bedrock's `toolSpec`. A list may be one tool alone, or
tools by their names; it, a tool and a schema may each be a JSON text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.chat.faults import Malformed, kind

Tool = Mapping[str, Any]

_SCHEMAS = (
    *("parameters", "input_schema", "inputSchema", "parametersJsonSchema"),
    *("parameters_json_schema", "args_schema", "schema"),
)
_DESCRIBED = frozenset(("description", "function", *_SCHEMAS))
_FLAT_TYPES = (None, "function", "custom")
_DECLARED = ("functionDeclarations", "function_declarations")
_NESTING = ("properties", "items", "anyOf")
_KEYWORDS = frozenset(("properties", "patternProperties", "additionalProperties", "$defs"))
"""Keywords of a schema that may have an object as their value."""


def read_tools(raw: Any) -> list[Any]:
    """Return a list of tools: known forms converted to OpenAI's, others unchanged.

    Raises:
        Malformed: it is no list of anything.
    """
    for _ in range(2):  # some writers make a text of a text
        if isinstance(raw, str):
            try:
                raw = jsontext.loads(raw) if raw.strip() else []
            except ValueError:
                raise Malformed("tools are a text that is no JSON") from None
    if isinstance(raw, Mapping):
        raw = _listed(raw)
    if raw is None:
        return []
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise Malformed(f"tools are {kind(raw)}, not a list")
    return [made for one in raw for made in _known_or_as_it_is(one)]


def _listed(raw: Tool) -> Any:
    """Return tools as a list: from a single tool, an MCP answer, or a mapping by name."""
    if isinstance(raw.get("tools"), list):
        return raw["tools"]
    if _is_known(raw):
        return [raw]
    named = [
        one if name_of(one) or not isinstance(one, Mapping) else {"name": name, **one}
        for name, one in raw.items()
    ]
    described = all(_is_known(one) and _DESCRIBED & one.keys() for one in named)
    return named if named and described else raw


def _is_known(raw: Any) -> bool:
    made = _known_or_as_it_is(raw)
    return bool(made) and all(name_of(one) is not None for one in made)


def _known_or_as_it_is(raw: Any) -> list[Any]:
    try:
        if isinstance(raw, str):
            raw = jsontext.loads(raw)
        declared = _declared(raw)
        return [canonical_tool(one) for one in ([raw] if declared is None else declared)]
    except ValueError:
        return [raw]


def _declared(raw: Any) -> Sequence[Any] | None:
    """Return the functions of a Gemini tool, which holds all of them; None for any other."""
    if not isinstance(raw, Mapping):
        return None
    return next((raw[key] for key in _DECLARED if isinstance(raw.get(key), list)), None)


def _lower(schema: Any) -> Any:
    """Return a schema with types in lower case; Gemini writes them in capitals."""
    if isinstance(schema, list):
        return [_lower(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = dict(schema)
    if isinstance(kind_ := schema.get("type"), str):
        made["type"] = kind_.lower()
    for key in _NESTING:
        if key == "properties" and isinstance(schema.get(key), Mapping):
            made[key] = {name: _lower(one) for name, one in schema[key].items()}
        elif key in schema:
            made[key] = _lower(schema[key])
    return made


def offered_tools(request: Mapping[str, Any]) -> list[Any]:
    """Return the tools of a request to a chat endpoint.

    Raises:
        Malformed: as `read`.
    """
    own = request.get("tools")
    return read_tools(request.get("functions") if own is None else own)


def canonical_tool(raw: Any) -> Tool:
    """Return one tool in OpenAI's form; one in that form is unchanged.

    Raises:
        Malformed: it is in no known form.
    """
    if not isinstance(raw, Mapping):
        raise Malformed(f"a tool is {kind(raw)}, not an object")
    if isinstance(raw.get("toolSpec"), Mapping):
        raw = raw["toolSpec"]
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
    found = next((key for key in _SCHEMAS if raw.get(key) is not None), None)
    schema = raw.get(found)
    if isinstance(schema, str):
        try:
            schema = jsontext.loads(schema) if schema.strip() else None
        except ValueError:
            raise Malformed("a tool's parameters are a text that is no JSON") from None
    if isinstance(schema, Mapping) and schema.keys() == {"json"}:  # Bedrock
        schema = schema["json"]
    if schema and not isinstance(schema, Mapping):
        raise Malformed(f"a tool's parameters are {kind(schema)}, not a schema")
    schema = None if schema == [] else _whole(schema)
    if schema is raw.get("parameters"):
        return raw
    named = {key: value for key, value in raw.items() if key != "parameters"}
    return {"parameters" if key == found else key: value for key, value in named.items()} | (
        {"parameters": schema} if schema is not None else {}
    )


def _whole(schema: Any) -> Any:
    """Return a schema; bare parameters become its properties."""
    if not isinstance(schema, Mapping) or not schema:
        return schema
    if schema.get("properties") == []:  # an object without keys, as PHP writes it
        schema = {**schema, "properties": {}}
    if isinstance(said := schema.get("type"), str) and said.isupper():
        return _lower(schema)
    if _KEYWORDS & schema.keys():
        return schema
    if all(isinstance(one, Mapping) for one in schema.values()):
        return {"type": "object", "properties": schema}
    return schema


def name_of(raw: Any) -> str | None:
    """Return the name of a tool in OpenAI's form; None where it has none."""
    function = raw.get("function") if isinstance(raw, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    return name if isinstance(name, str) else None


def schema_of(raw: Tool) -> Mapping[str, Any]:
    """Return the schema of a tool's arguments; a tool without one takes none."""
    schema = raw["function"].get("parameters")
    return schema if isinstance(schema, Mapping) else {}
