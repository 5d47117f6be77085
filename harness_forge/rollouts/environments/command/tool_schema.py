"""The tool call that a `command` skill asks for: its schema, checked with what rests on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import ConfigError, RunError

_SUBMIT = {
    "name": "submit",
    "description": "Submit the answer.",
    "parameters": {
        "type": "object",
        "properties": {"answer": {"type": "string", "description": "the whole answer"}},
        "required": ["answer"],
    },
}
_EMPTY = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}


def tool(config: CommandConfig) -> dict[str, Any]:
    """Return the tool in OpenAI's form.

    Raises:
        ConfigError: it has no name, or its parameters are no schema of an object.
    """
    given = dict(config.tool) or _SUBMIT
    given = dict(given.get("function", given))
    parameters = given.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(given.get("name"), str) or not given["name"]:
        raise ConfigError("skill.command.tool.name", "is missing", "name, description, parameters")
    if not isinstance(parameters.get("properties", {}), dict):
        what = "must be a JSON schema of an object, with properties"
        raise ConfigError("skill.command.tool.parameters", what)
    whole = {"name": given["name"], "description": str(given.get("description", ""))}
    return {"type": "function", "function": {**whole, "parameters": parameters}}


def main_argument(given: Mapping[str, Any]) -> str:
    """Return the argument that holds the answer: the first that is required; '' if none is."""
    parameters = given["parameters"]
    names = [*parameters.get("required", ()), *parameters.get("properties", {})]
    return names[0] if names else ""


def check(config: CommandConfig, given: Mapping[str, Any]) -> None:
    """Check that an answer is written and judged, and that gold and mutations fit the tool.

    Raises:
        ConfigError: the first setting that does not.
    """
    if not config.judge.strip():
        hint = "a command that exits 0 if the item passes, such as `python3 -m pytest -q`"
        raise ConfigError("skill.command.judge", "is missing", hint)
    if not config.answer:
        hint = f"where the answer is written, such as solution.py: '{{{main_argument(given)}}}'"
        raise ConfigError("skill.command.answer", "is missing", hint)
    known = set(given["parameters"].get("properties", {}))
    required = set(given["parameters"].get("required", ()))
    for key, arguments in (
        ("gold", config.gold),
        *((f"mutations.{n}.arguments", m.arguments) for n, m in config.mutations.items()),
    ):
        if unknown := sorted(set(arguments) - known):
            hint = f"arguments of {given['name']}: {', '.join(sorted(known))}"
            raise ConfigError(f"skill.command.{key}.{unknown[0]}", "is no argument", hint)
    if config.gold and (missing := sorted(required - set(config.gold))):
        raise ConfigError(f"skill.command.gold.{missing[0]}", "is missing: it is required")


def typed(given: Mapping[str, Any], key: str, name: str, text: str, place: str) -> Any:
    """Return a rendered argument as its schema has it: a text, or what JSON it is.

    Args:
        key: of the setting, for faults.
        place: where the item comes from, likewise.

    Raises:
        RunError: an argument that is no text is no JSON either.
    """
    kinds = _kinds(given["parameters"].get("properties", {}).get(name, {})) or ["string"]
    if "string" in kinds:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        what = f"skill.command.{key}.{name} is no JSON: {text[:60]!r}"
        raise RunError(place, what, f"{given['name']} takes {' or '.join(kinds)} there") from None


def empty(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that say nothing, each of its type."""
    properties = given["parameters"].get("properties", {})
    return {name: _nothing(part) for name, part in properties.items()}


def _nothing(part: Mapping[str, Any]) -> Any:
    kind = next((kind for kind in _kinds(part) if kind != "null"), "")
    return _EMPTY.get(kind, "")


def _kinds(part: Mapping[str, Any]) -> list[str]:
    """Return the types that a value may have: a schema names one or several."""
    kind = part.get("type", ())
    return [kind] if isinstance(kind, str) else list(kind)
