"""ATIF, the Agent Trajectory Interchange Format of Harbor: one trajectory a file.

Kept: messages of system, user and agent, calls, observations, reasoning, tools, tokens.
Not kept: costs, log probabilities, token ids, images.
Checked against schema versions 1.0 to 1.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.formats.reading import Format, each
from harness_forge.collect.sources.mapping import Misfit

_ROLES = {"system": "system", "user": "user", "agent": "assistant"}


def _fits(record: Mapping[str, Any]) -> bool:
    return str(record.get("schema_version", "")).startswith("ATIF") or (
        isinstance(record.get("steps"), list) and isinstance(record.get("agent"), Mapping)
    )


def _conversations(record: Mapping[str, Any], path: Path) -> Iterable[Conversation]:
    steps = record.get("steps")
    if not isinstance(steps, list):
        raise Misfit("no steps in it, so it is no ATIF trajectory")
    agent = record.get("agent") if isinstance(record.get("agent"), Mapping) else {}
    messages = [one for step in steps for one in _step(step)]
    yield Conversation(
        item=record.get("session_id"),
        messages=messages,
        model=agent.get("model_name"),
        tools=agent.get("tool_definitions"),
        started_at=next((one.get("timestamp") for one in steps if one.get("timestamp")), None),
    )


def _step(step: Any) -> list[dict[str, Any]]:
    """Return what a step says, and the results of its calls.

    Raises:
        Misfit: its source is none.
    """
    source = step.get("source") if isinstance(step, Mapping) else None
    if source not in _ROLES:
        raise Misfit(f"step {source!r} is of no known source: system, user, agent")
    said: dict[str, Any] = {"role": _ROLES[source], "content": step.get("message")}
    if step.get("reasoning_content"):
        said["reasoning_content"] = step["reasoning_content"]
    if calls := step.get("tool_calls"):
        said["tool_calls"] = [
            {
                "id": one.get("tool_call_id"),
                "name": one.get("function_name"),
                "arguments": one.get("arguments"),
            }
            for one in calls
        ]
    results = (step.get("observation") or {}).get("results") or []
    return [said, *(_result(one) for one in results)]


def _result(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "role": "tool",
        "tool_call_id": one.get("source_call_id"),
        "content": one.get("content"),
    }


FORMAT = Format("atif", "an ATIF trajectory", _fits, each(_conversations))
