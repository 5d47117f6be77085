"""Rejects answers with calls that do not match the offered tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from harness_forge.config.filters import ToolCallsConfig
from harness_forge.core import jsontext
from harness_forge.datasets.filters.candidate import Call, Candidate


def judge(candidates: Sequence[Candidate], config: ToolCallsConfig) -> list[str | None]:
    """Return `tool_calls` for each candidate with a call that does not match."""
    return [
        "tool_calls" if row.answer.get("tool_calls") and not _fits(row) else None
        for row in candidates
    ]


def _fits(row: Candidate) -> bool:
    offered = {tool.get("name"): tool for tool in map(_function, row.tools)}
    return bool(row.calls) and all(_allowed(call, offered.get(call.name)) for call in row.calls)


def _function(tool: Any) -> Mapping[str, Any]:
    function = tool.get("function", tool) if isinstance(tool, Mapping) else None
    return function if isinstance(function, Mapping) else {}


def _allowed(call: Call, tool: Mapping[str, Any] | None) -> bool:
    if tool is None or not call.name or not isinstance(call.arguments, Mapping):
        return False
    schema = tool.get("parameters")
    if schema is None:
        return True
    valid = _validity(jsontext.dumps(schema))
    return valid is not None and valid(call.arguments)


@lru_cache(maxsize=512)
def _validity(schema: bytes):
    """Return a validator for arguments; None where the schema is broken."""
    import jsonschema_rs

    try:
        validator = jsonschema_rs.validator_for(schema.decode(), offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return None
    return validator.is_valid
