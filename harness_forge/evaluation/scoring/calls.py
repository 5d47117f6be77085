"""Tool calls of an answer, and whether they are the right ones.

The match is that of the Berkeley Function Calling Leaderboard (its AST check):
the function's name, required and unknown parameters, the type of each value,
and the value itself among those allowed. Written from its description and
behaviour for Python: gorilla, berkeley-function-call-leaderboard, `ast_checker`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core.chat.call_forms import FORMS, HERMES, found

OMITTED = ""
"""Among allowed values: the parameter may be left out."""

Call = tuple[str, dict[str, Any]]

_LOOSE = re.compile(r"[ ,./\-_*^]")
_TYPES = {
    "string": str,
    "integer": int,
    "float": float,
    "number": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "object": dict,
    "any": str,
}


def read(
    text: str, form: str = HERMES, tools: Sequence[Mapping[str, Any]] = ()
) -> list[Call] | None:
    """Return the calls of an answer, in order; None if they cannot be parsed.

    Text before the first call is ignored; text between calls or after the last is
    a fault, as in `policies/parsing.py`.

    Args:
        form: how the model writes calls, a name of `core.chat.call_forms.FORMS`.
        tools: schemas as offered.
    """
    calls = found(text, form, tools)
    if not calls:
        return None if FORMS[form].begun(text) else []
    ends = [call.end for call in calls]
    starts = [call.start for call in calls[1:]] + [len(text)]
    if any(_between(text[end:start], form) for end, start in zip(ends, starts, strict=True)):
        return None
    bodies = [_call(call.body) for call in calls]
    return None if None in bodies else bodies


def _between(text: str, form: str) -> str:
    """Return the text between two calls without their separator."""
    return text.strip().removeprefix(";" if form == "llama_json" else "").strip()


def _call(body: tuple[str, Any] | None) -> Call | None:
    name, arguments = body or (None, None)
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return None
    return (name, arguments) if isinstance(name, str) and isinstance(arguments, dict) else None


def same_values(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: 1 is 1.0 and no true; blank ends are ignored."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one.strip() == other.strip()
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_values(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_values, one, other))
    return one == other


def matches(
    calls: Sequence[Call],
    tools: Sequence[Mapping[str, Any]],
    truth: Sequence[Mapping[str, Mapping[str, Sequence[Any]]]],
    ordered: bool = False,
) -> bool:
    """Return whether the calls are those of `truth`, each once, and no others.

    Args:
        tools: schemas as offered, `type: dict` or `type: object` alike.
        truth: one `{name: {parameter: allowed values}}` for each call; without
            any, the right answer has no call.
        ordered: in the order of `truth`; else in any.
    """
    if len(calls) != len(truth):
        return False
    schemas = dict(map(_schema, tools))
    left = list(calls)
    for wanted in truth:
        pool = left[:1] if ordered else left
        found = next((call for call in pool if _fits(call, schemas, wanted)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _schema(tool: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    function = tool.get("function", tool)
    return function["name"], function.get("parameters") or {}


def _fits(call: Call, schemas: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    (name, allowed), (called, arguments) = next(iter(wanted.items())), call
    if name != called or name not in schemas:
        return False
    properties = schemas[name].get("properties", {})
    if set(schemas[name].get("required", ())) - set(arguments):
        return False
    if any(key not in properties or key not in allowed for key in arguments):
        return False
    if any(key not in arguments and OMITTED not in values for key, values in allowed.items()):
        return False
    return all(_value_fits(arguments[key], properties[key], allowed[key]) for key in arguments)


def _value_fits(value: Any, schema: Mapping[str, Any], allowed: Sequence[Any]) -> bool:
    kind = schema.get("type", "any")
    expected = _TYPES.get(kind, str)
    if expected is float and type(value) is int:
        value = float(value)
    if not _type_fits(value, schema, expected, allowed):
        return False
    sentence = _type_of(allowed)
    # A value of another type than the schema's, as some right answers have, is compared as it is.
    if sentence in (None, expected) and type(value) is expected:
        if expected is str:
            return _loose(value) in [_loose(one) for one in allowed]
        if expected is dict:
            return any(_dict_fits(value, one) for one in allowed if isinstance(one, dict))
        if expected is list and (schema.get("items") or {}).get("type") in ("dict", "object"):
            return any(_dicts_fit(value, one) for one in allowed if isinstance(one, list))
        if expected is list:
            return _loose(value) in [_loose(one) for one in allowed]
    return value in allowed


def _type_fits(value: Any, schema: Mapping[str, Any], expected: type, allowed: Any) -> bool:
    if type(value) is not expected:
        return _type_of(allowed) is not None and type(value) is _type_of(allowed)
    items = schema.get("items") or {}
    if expected is not list or "type" not in items:
        return True
    inner = _TYPES.get(items["type"], str)
    return any(
        all(_type_fits(each, items if inner is list else {}, inner, one) for each in value)
        for one in allowed
        if isinstance(one, list)
    )


def _type_of(allowed: Any) -> type | None:
    """Return the type of the allowed values; None if there are none."""
    if not isinstance(allowed, list | tuple):
        return None
    return next((type(one) for one in allowed if one != OMITTED), None)


def _loose(value: Any) -> Any:
    """Return a text without case and the characters that BFCL ignores; lists item by item."""
    if isinstance(value, str):
        return _LOOSE.sub("", value).lower().replace("'", '"')
    return [_loose(one) for one in value] if isinstance(value, list) else value


def _dict_fits(value: Mapping[str, Any], allowed: Mapping[str, Sequence[Any]]) -> bool:
    if any(key not in value and OMITTED not in values for key, values in allowed.items()):
        return False
    return all(
        key in allowed and _loose(one) in [_loose(each) for each in allowed[key]]
        for key, one in value.items()
    )


def _dicts_fit(value: Sequence[Any], allowed: Sequence[Any]) -> bool:
    return len(value) == len(allowed) and all(
        isinstance(one, dict) and _dict_fits(one, each)
        for one, each in zip(value, allowed, strict=True)
    )
