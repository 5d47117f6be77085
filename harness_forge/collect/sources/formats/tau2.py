"""tau2-bench's results: one file with its simulations, an attempt each.

The agent was not shown what the simulated user did with tools of its own. The greeting,
which no model wrote, is shown and not learned. The outcome is `reward_info.reward`; a
simulation that has none, because it broke down, has no verdict.
Kept: messages, calls, results, tools where `tool_defs` has them, tokens, models.
Not kept: the agent's system prompt, which is in no result: only its policy is
(`{policy}`); the simulated user's own calls and results.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.formats.history import Transcript
from harness_forge.collect.sources.formats.reading import Format, each
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.jsontext import object_in


def _fits(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("simulations"), list) and isinstance(record.get("tasks"), list)


def _conversations(results: Mapping[str, Any], path: Path) -> Iterable[Conversation | LeftOut]:
    if not _fits(results):
        raise Misfit("no tasks and simulations in it, so it is no tau2 result")
    info = object_in(results.get("info"))
    environment, agent = object_in(info.get("environment_info")), object_in(info.get("agent_info"))
    domain = environment.get("domain_name") or "task"
    for one in results["simulations"]:
        if not isinstance(one, Mapping) or not isinstance(one.get("messages"), list):
            yield LeftOut(0, "no_messages")
            continue
        trial = one.get("trial")
        yield Conversation(
            item=f"{domain}-{one.get('task_id')}",
            family=domain,
            run=results.get("timestamp"),
            attempt=trial + 1 if isinstance(trial, int) else None,
            model=agent.get("llm"),
            answers=_answers(one["messages"]),
            tools=_tools(environment.get("tool_defs")),
            outcome=object_in(one.get("reward_info")).get("reward"),
            started_at=one.get("start_time"),
            extra={
                "policy": one.get("policy") or environment.get("policy"),
                "reward_info": one.get("reward_info"),
                "termination_reason": one.get("termination_reason"),
            },
        )


def _answers(messages: list[Any]):
    transcript = Transcript()
    for place, one in enumerate(_flat(messages)):
        role, used = one.get("role"), object_in(one.get("usage"))
        if role == "assistant" and (place or used or one.get("raw_data")):
            transcript.say(
                _plain(one),
                started_at=one.get("timestamp"),
                prompt_tokens=used.get("prompt_tokens"),
                completion_tokens=used.get("completion_tokens"),
            )
        elif role == "tool":
            if one.get("requestor", "assistant") == "assistant":
                transcript.show({"role": "tool", "tool_call_id": one.get("id"),
                           "content": one.get("content")})  # fmt: skip
        elif role != "user" or not one.get("tool_calls"):
            transcript.show(_plain(one))
    return transcript.answers


def _flat(messages: list[Any]) -> Iterator[Mapping[str, Any]]:
    for one in messages:
        inner = one.get("tool_messages") if isinstance(one, Mapping) else None
        yield from map(object_in, inner if isinstance(inner, list) else [one])


def _plain(one: Mapping[str, Any]) -> dict[str, Any]:
    made = {"role": one.get("role"), "content": one.get("content")}
    if one.get("role") == "assistant" and one.get("tool_calls"):
        made["tool_calls"] = [
            {key: call.get(key) for key in ("id", "name", "arguments")}
            for call in map(object_in, one["tool_calls"])
        ]
    return made


def _tools(defined: Any) -> Any:
    """Return tools that are written as schemas; older results have only their names."""
    if isinstance(defined, str):
        with suppress(ValueError, RecursionError):
            defined = json.loads(defined)
    return defined if isinstance(defined, list) and defined else None


FORMAT = Format("tau2", "a tau2 result", _fits, each(_conversations))
