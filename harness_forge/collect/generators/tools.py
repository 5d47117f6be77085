"""What a call of a tool must give, by its schema: JSON files and literals in Python."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.python_source import lines_of, of, parsed, walk
from harness_forge.collect.generators.repository import SourceFile
from harness_forge.collect.generators.rows import QuestionRow, asked

_SCHEMAS = ("parameters", "inputSchema", "input_schema")


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each tool with parameters: OpenAI's, MCP's and Anthropic's form."""
    for file in context.repository.ending(".py", ".json"):
        if not any(f'"{key}"' in file.text or f"'{key}'" in file.text for key in _SCHEMAS):
            continue
        literal = ast.literal_eval if file.path.endswith(".py") else json.loads
        for node in walk(parsed(file.text), "dictionary"):
            try:
                tool = _tool(literal(of(node)))
            except (ValueError, SyntaxError, RecursionError, TypeError):
                continue
            row = _row(context, file, node, *tool) if tool else None
            if row:
                yield row


def _tool(value: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name and schema of a tool; None for what is none."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    schema = next((value[key] for key in _SCHEMAS if isinstance(value.get(key), dict)), {})
    properties = schema.get("properties")
    fit = isinstance(properties, dict) and all(isinstance(one, dict) for one in properties.values())
    return (value["name"], schema) if properties and fit else None


def _row(
    context: Context, file: SourceFile, node: Any, name: str, schema: Mapping[str, Any]
) -> QuestionRow | None:
    citation = context.cite(file, *lines_of(node))
    if not citation:
        return None
    needed = schema.get("required") or []
    lines = [
        f"- `{key}`{_type(about)}: {'required' if key in needed else 'optional'}"
        for key, about in schema["properties"].items()
    ]
    question = f"What does a call of the tool `{name}` take, and what must it give?"
    types = [about["type"] for about in schema["properties"].values() if _type(about)]
    return asked(question, "\n".join(lines), f"{file.path}::{name}", citation, facts=types)


def _type(about: Mapping[str, Any]) -> str:
    return f" ({about['type']})" if isinstance(about.get("type"), str) else ""
