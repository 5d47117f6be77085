"""Episodes of verifiers' second interface (`traces.jsonl`): an episode a line, a trace an attempt.

A trace is a graph of messages, each with the one before it. What a model said is a node that
is `sampled`, and it was shown the nodes on the way to it: so branches, compactions and
subagents are as they were.
Kept: messages, reasoning, calls, results, tools, model, tokens and end of each call; the sum of
weighted rewards as outcome, each by itself (`{rewards.NAME}`), metrics (`{metrics.NAME}`).
Not kept: token ids, log probabilities, opaque states of providers, costs. A trace that is not
`ok` has no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation, ModelAnswer
from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.jsontext import count_in, object_in


def fits(record: Mapping[str, Any]) -> bool:
    """Return whether a record is an episode."""
    known = isinstance(record.get("env"), Mapping) and isinstance(record.get("task"), Mapping)
    return known and isinstance(record.get("traces"), list)


def conversations(record: Mapping[str, Any]) -> Iterable[Conversation]:
    """Yield the conversation of each trace of an episode.

    Raises:
        Misfit: its messages do not lead to each other.
    """
    for trace in record["traces"]:
        task, agent = object_in(trace.get("task")), object_in(trace.get("agent"))
        data = object_in(task.get("data"))
        rewards = _scores(trace.get("rewards"))
        metrics = object_in(trace.get("metrics"))
        yield Conversation(
            item=data.get("id") or task.get("key") or task.get("hash"),
            title=data.get("name"),
            family=object_in(record["env"]).get("id") or task.get("type"),
            agent=_named(agent.get("name")),
            answers=list(_answers(trace)),
            outcome=sum(rewards.values()) if trace.get("ok") and rewards else None,
            extra={"rewards": rewards, "metrics": metrics, "info": trace.get("info")},
        )


def _answers(trace: Mapping[str, Any]) -> Iterator[ModelAnswer]:
    nodes = trace.get("nodes") or []
    calls = {one.get("node"): one for one in trace.get("calls") or ()}
    for number, node in enumerate(nodes):
        if not node.get("sampled"):
            continue
        way = _way(nodes, number)
        call = object_in(calls.get(number))
        used = object_in(call.get("usage"))
        cached = count_in(used.get("cached_input_tokens"))
        prompt = count_in(used.get("prompt_tokens"))
        yield ModelAnswer(
            shown=[nodes[at]["message"] for at in way[:-1]],
            said=node["message"],
            model=call.get("model"),
            tools=nodes[way[0]].get("tools") or trace.get("tools") or (),
            finish_reason=call.get("finish_reason"),
            started_at=object_in(call.get("time")).get("start") or node.get("timestamp"),
            # Here tokens from a cache are no part of the prompt's.
            prompt_tokens=None if prompt is None else prompt + (cached or 0),
            completion_tokens=count_in(used.get("completion_tokens")),
            cached_tokens=cached,
            reasoning_tokens=count_in(used.get("reasoning_tokens")),
        )


def _way(nodes: list[Any], number: int) -> list[int]:
    """Return the places of the nodes that lead to one, itself last."""
    way = [number]
    while (parent := nodes[way[-1]].get("parent")) is not None:
        if not isinstance(parent, int) or not 0 <= parent < len(nodes) or parent in way:
            raise Misfit(f"message {way[-1]} follows {parent!r}, which is none before it")
        way.append(parent)
    return way[::-1]


def _scores(rewards: Any) -> dict[str, float]:
    """Return each reward with its weight; those that were not scored are left out."""
    return {
        name: one["score"] * (1.0 if one.get("weight") is None else one["weight"])
        for name, one in object_in(rewards).items()
        if isinstance(one, Mapping) and one.get("score") is not None
    }


def _named(agent: Any) -> str | None:
    return agent if isinstance(agent, str) and agent != "agent" else None
