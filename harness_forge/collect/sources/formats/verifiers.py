"""Results of verifiers: one rollout a line of `vf-eval` (`results.jsonl`), or an episode a line.

Episodes (`traces.jsonl`) are read by `verifiers_traces`; the rest here is of rollouts.

The outcome is the reward; a rollout with an error has no verdict. Model and environment
are those of `metadata.json` beside it. Where a line has its `trajectory`, an answer is
read from its step: exactly what was shown.
Kept: messages, calls, results, tools where the record has them, all metrics
(`{record.NAME}`).
Not kept: token ids, log probabilities; rollouts that are no chat (`not_chat`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats import verifiers_traces
from harness_forge.collect.sources.formats.beside import json_beside
from harness_forge.collect.sources.formats.conversation import Conversation, ModelAnswer
from harness_forge.collect.sources.formats.reading import Format, NoConversation, each
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.texts import loads
from harness_forge.core.jsontext import object_in


def _fits(record: Mapping[str, Any]) -> bool:
    return verifiers_traces.fits(record) or _is_rollout(record)


def _is_rollout(record: Mapping[str, Any]) -> bool:
    asked, answered = record.get("prompt"), record.get("completion")
    known = "example_id" in record or "task" in record
    return (
        known and "reward" in record and all(isinstance(x, list | str) for x in (asked, answered))
    )


def _conversations(record: Mapping[str, Any], path: Path) -> Iterable[Conversation]:
    if verifiers_traces.fits(record):
        yield from verifiers_traces.conversations(record)
        return
    if not _is_rollout(record):
        raise Misfit("no prompt, completion and reward in it, so it is no result of verifiers")
    asked, answered = record["prompt"], record["completion"]
    if isinstance(asked, str) or isinstance(answered, str):
        raise NoConversation("not_chat", "prompt or completion is a text, not messages")
    metadata = _metadata(path)
    info = record.get("info")
    info = _loaded(info) if isinstance(info, str) else info
    info = info if isinstance(info, Mapping) else {}
    name = record.get("task") or metadata.get("env_id") or "task"
    number = record.get("example_id", record.get("id"))
    yield Conversation(
        item=f"{name}-{number}" if number is not None else None,
        family=str(name),
        model=metadata.get("model"),
        messages=[*asked, *answered],
        answers=_steps(record.get("trajectory")),
        first_answer=len(asked),
        tools=record.get("tool_defs") or info.get("oai_tools") or info.get("tool_defs") or None,
        outcome=None if record.get("error") else record.get("reward"),
        finish_reason="length" if record.get("is_truncated") else None,
        extra={"info": info, "answer": record.get("answer")},
    )


def _steps(trajectory: Any) -> list[ModelAnswer]:
    found = []
    for step in trajectory if isinstance(trajectory, list) else ():
        asked = step.get("prompt") if isinstance(step, Mapping) else None
        answered = step.get("completion") if isinstance(step, Mapping) else None
        if not isinstance(asked, list) or not isinstance(answered, list) or len(answered) != 1:
            return []
        cut = "length" if step.get("is_truncated") else None
        found.append(ModelAnswer(shown=asked, said=answered[0], finish_reason=cut))
    return found


def _metadata(path: Path) -> Mapping[str, Any]:
    with suppress(OSError, ValueError):
        return object_in(json_beside(path.parent / "metadata.json"))
    return {}


def _loaded(text: str) -> Any:
    with suppress(ValueError):
        return loads(text)
    return None


FORMAT = Format("verifiers", "a result of verifiers", _fits, each(_conversations))
