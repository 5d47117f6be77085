"""Session traces of 8gent (`~/.8gent/sessions/*.jsonl`), versions 1 and 2: one session a file.

Events of one step are one answer: its text, its thoughts and its calls, each call once
although two events tell of it. Results stand behind the answer that asked for them.
Kept: messages, thoughts, calls, results, models, tokens, finish reasons.
Not kept: the system prompt, of which a session has a hash alone; tool schemas, hooks.
Sessions have no outcome: a call without a result is not taken for a success.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation, first_words
from harness_forge.collect.sources.formats.history import Transcript
from harness_forge.collect.sources.formats.reading import Format, session
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.chat import parts
from harness_forge.core.jsontext import first_count, object_in

_SPEAKING = frozenset(
    (
        *("user_message", "assistant_message", "assistant_content", "step_start", "step_end"),
        *("tool_call", "tool_result", "tool_error"),
    )
)
_SILENT = frozenset(("session_start", "session_end", "hook"))
_TOKENS = ("promptTokens", "inputTokens"), ("completionTokens", "outputTokens")


def _fits(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    return "sequenceNumber" in record and isinstance(kind, str) and kind in _SPEAKING | _SILENT


def _conversations(events: list[Mapping[str, Any]], path: Path) -> Iterable[Conversation | LeftOut]:
    if not any(map(_fits, events)):
        raise Misfit("no event with a sequenceNumber, so it is no 8gent session")
    read = _Session()
    for place, event in enumerate(events, 1):
        if reason := read.take(event):
            yield LeftOut(place, reason)
    read.end_step()
    start = next((one for one in events if one.get("type") == "session_start"), {})
    meta = object_in(start.get("meta"))
    model = object_in(meta.get("agent")).get("model")
    answers = read.transcript.answers
    yield Conversation(
        item=meta.get("sessionId") or path.name.partition(".")[0],
        title=first_words(answers[0].shown)[:200] or None if answers else None,
        answers=answers,
        model=model or (answers[-1].model if answers else None),
        started_at=meta.get("startedAt") or start.get("timestamp"),
        extra={"version": meta.get("version"), "summary": _summary(events)},
    )


def _summary(events: list[Mapping[str, Any]]) -> Any:
    ends = [one.get("summary") for one in events if one.get("type") == "session_end"]
    return ends[-1] if ends else None


class _Session:
    """What was said, put together event by event; a step's events may come in any order."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self._model: Any = None
        self._clear()

    def _clear(self) -> None:
        self._content: list[Any] = []
        self._calls: dict[str, dict[str, Any]] = {}
        self._results: dict[str, dict[str, Any]] = {}
        self._at: Any = None

    def take(self, event: Mapping[str, Any]) -> str:
        """Take an event; return a reason where nothing could be made of it."""
        kind = event.get("type")
        if kind == "user_message":
            self.end_step()
            self.transcript.show({"role": "user", "content": _words(event.get("message"))})
        elif kind == "assistant_message":
            self.end_step()
            said = {"role": "assistant", "content": _words(event.get("message"))}
            self.transcript.say(said, started_at=event.get("timestamp"))
        elif kind == "step_start":
            self.end_step()
            self._model = event.get("model")
        elif kind == "assistant_content":
            self._at = event.get("timestamp")
            for part in event.get("parts") or ():
                self._part(object_in(part))
        elif kind == "tool_call":
            call = object_in(event.get("toolCall"))
            self._call(call.get("toolCallId"), call.get("name"), call.get("arguments"))
        elif kind in ("tool_result", "tool_error"):
            self._result(event.get("toolCallId"), event.get("result", event.get("error")))
        elif kind == "step_end":
            return self.end_step(event)
        elif kind == "error":
            return "error"
        elif kind not in _SILENT:
            return f"unknown_record {kind}"[:80]
        return ""

    def end_step(self, end: Mapping[str, Any] | None = None) -> str:
        """Add the answer of the events since the last step, if there is one.

        Args:
            end: the event that ended the step.
        """
        end = end or {}
        said, results = self._said(), list(self._results.values())
        started = self._at
        self._clear()
        if end.get("finishReason") == "error":
            return "api_error"
        if said:
            used = object_in(end.get("usage"))
            self.transcript.say(
                said,
                model=self._model,
                finish_reason=_reason(end.get("finishReason")),
                started_at=started,
                prompt_tokens=first_count(used, *_TOKENS[0]),
                completion_tokens=first_count(used, *_TOKENS[1]),
            )
        self.transcript.show(*results)
        return ""

    def _said(self) -> dict[str, Any]:
        if not self._content and not self._calls:
            return {}
        made: dict[str, Any] = {"role": "assistant", "content": self._content}
        if self._calls:
            made["tool_calls"] = list(self._calls.values())
        return made

    def _part(self, part: Mapping[str, Any]) -> None:
        kind = part.get("type")
        if kind in parts.CALLS:
            arguments = part.get("input", part.get("args", part.get("arguments")))
            self._call(part.get("toolCallId"), part.get("toolName"), arguments)
        elif kind in parts.RESULTS or kind == "tool-error":
            given = part.get("output", part.get("result", part.get("error")))
            self._result(part.get("toolCallId"), given)
        else:
            self._content.append(dict(part))

    def _call(self, name: Any, tool: Any, arguments: Any) -> None:
        key = name if isinstance(name, str) else f"call-{len(self._calls) + 1}"
        self._calls.setdefault(key, {"id": key, "name": tool, "arguments": arguments})

    def _result(self, name: Any, given: Any) -> None:
        content = given if isinstance(given, str) else json.dumps(given)
        said = {"role": "tool", "tool_call_id": name, "content": content}
        self._results.setdefault(str(name), said)


def _words(message: Any) -> Any:
    return message.get("content") if isinstance(message, Mapping) else message


def _reason(said: Any) -> str | None:
    return said.replace("-", "_") if isinstance(said, str) else None


FORMAT = Format("eight_session", "an 8gent session", _fits, session(_conversations), whole=True)
