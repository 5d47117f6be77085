"""Events of OpenHands, of the old form (`action`, `observation`) and the new one (`kind`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness_forge.collect.sources.formats.history import Transcript

_SILENT = frozenset(
    (
        *("change_agent_state", "agent_state_changed", "null", "recall", "condensation_request"),
        *("ConversationStateUpdateEvent", "CondensationRequest", "PauseEvent", "TokenEvent"),
        *("LLMCompletionLogEvent", "Condensation", "condensation", "CondensationSummaryEvent"),
    )
)
"""Events that no model is shown."""
_RESULTS = frozenset(("ObservationEvent", "AgentErrorEvent", "UserRejectObservation"))


class Events:
    """A conversation, put together event by event.

    Attributes:
        transcript: what was shown and answered.
        tools: that were offered, where an event says so.
    """

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.tools: Any = None
        self._ids: dict[Any, list[Any]] = {}
        self._call: dict[Any, str] = {}
        self._groups: dict[Any, dict[str, Any]] = {}
        self._said: dict[str, Any] = {}

    def take(self, event: Any) -> str:
        """Take an event; return a reason where nothing could be made of it."""
        if not isinstance(event, Mapping):
            return "no_event"
        if isinstance(event.get("kind"), str):
            return self._new(event, event["kind"])
        return self._old(event)

    def end(self) -> None:
        """End the answer that is being given."""
        if self._said:
            self.transcript.say(self._said)
        self._said = {}

    def _show(self, event: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        self.end()
        self.transcript.show(message)
        self._ids.setdefault(event.get("id"), []).append(message)
        return ""

    def _speak(self, event: Mapping[str, Any], group: Any, message: Mapping[str, Any]) -> str:
        """Add what an event holds of an answer, whose actions have events of their own.

        The results of its first actions may lie between them.
        """
        said = self._groups.get(group) if group is not None else None
        if said is None:
            self.end()
            said = self._said = dict(message)
            if group is not None:
                self._groups[group] = said
        else:
            known = [one.get("id") for one in said.get("tool_calls") or ()]
            more = [one for one in message.get("tool_calls") or () if one.get("id") not in known]
            if more:
                said["tool_calls"] = [*(said.get("tool_calls") or ()), *more]
        self._ids.setdefault(event.get("id"), []).append(said)
        return ""

    def _old(self, event: Mapping[str, Any]) -> str:
        action, observed = event.get("action"), event.get("observation")
        args = event.get("args") if isinstance(event.get("args"), Mapping) else {}
        metadata = event.get("tool_call_metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        if action == "condensation":
            self._forget(args.get("forgotten_event_ids"), args, args.get("summary"))
        if action in _SILENT or observed in _SILENT:
            return ""
        if action == "system":
            self.tools = args.get("tools") or self.tools
            return self._show(event, {"role": "system", "content": args.get("content")})
        if action and event.get("source") == "agent":
            return self._acted(event, action, args, metadata)
        if action == "message":
            return self._show(event, {"role": "user", "content": args.get("content")})
        if observed:
            number = metadata.get("tool_call_id") or self._call.get(event.get("cause"))
            return self._observed(event, number, event.get("content"))
        return f"unknown_event {action}"[:80]

    def _acted(
        self, event, action: str, args: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> str:
        answered = metadata.get("model_response")
        choices = answered.get("choices") if isinstance(answered, Mapping) else None
        if choices and isinstance(choices[0], Mapping) and choices[0].get("message"):
            self._call[event.get("id")] = metadata.get("tool_call_id")
            group = answered.get("id") or json.dumps(choices[0], sort_keys=True, default=str)
            return self._speak(event, group, choices[0]["message"])
        if action == "message":
            return self._speak(event, None, {"role": "assistant", "content": args.get("content")})
        return "not_as_said"

    def _observed(self, event: Mapping[str, Any], number: Any, content: Any) -> str:
        if number is None:
            # Without a call it may belong to, it was shown as a message.
            last = self._open_call()
            if last is None:
                return self._show(event, {"role": "user", "content": content})
            number = last
        return self._show(event, {"role": "tool", "tool_call_id": number, "content": content})

    def _open_call(self) -> str | None:
        """Return the only call that has no result yet."""
        said = self._said or (self.transcript.answers[-1].said if self.transcript.answers else {})
        calls = [one.get("id") for one in said.get("tool_calls") or ()]
        done = {one.get("tool_call_id") for one in self.transcript.shown}
        left = [one for one in calls if one not in done]
        return left[0] if len(left) == 1 else None

    def _new(self, event: Mapping[str, Any], kind: str) -> str:
        if kind == "Condensation":
            self._forget(event.get("forgotten_event_ids"), event, event.get("summary"))
        if kind in _SILENT:
            return ""
        if kind == "SystemPromptEvent":
            self.tools = event.get("tools") or self.tools
            words = event.get("system_prompt")
            return self._show(event, {"role": "system", "content": _parts(words)})
        if kind == "MessageEvent":
            message = event.get("llm_message")
            message = message if isinstance(message, Mapping) else {}
            if event.get("source") == "agent":
                return self._speak(event, event.get("llm_response_id"), message)
            extended = event.get("extended_content") or []
            content = message.get("content")
            whole = [*content, *extended] if isinstance(content, list) else content
            return self._show(event, {**message, "content": whole})
        if kind == "ActionEvent":
            return self._called(event)
        if kind in _RESULTS:
            return self._show(event, {"role": "tool", "tool_call_id": event.get("tool_call_id"),
                                      "content": _result(event)})  # fmt: skip
        return f"unknown_event {kind}"[:80]

    def _called(self, event: Mapping[str, Any]) -> str:
        call = event.get("tool_call")
        if not isinstance(call, Mapping):
            return "not_as_said"
        message: dict[str, Any] = {"role": "assistant", "content": event.get("thought") or ""}
        for key in ("reasoning_content", "thinking_blocks"):
            if event.get(key):
                message[key] = event[key]
        inner = call.get("function") if isinstance(call.get("function"), Mapping) else call
        made = {"id": call.get("id") or event.get("tool_call_id")}
        made |= {key: inner.get(key) for key in ("name", "arguments")}
        message["tool_calls"] = [made]
        return self._speak(event, event.get("llm_response_id"), message)

    def _forget(self, ids: Any, action: Mapping[str, Any], summary: Any) -> None:
        """Take what a condensation forgot out of what later answers are shown."""
        self.end()
        start, stop = action.get("forgotten_events_start_id"), action.get("forgotten_events_end_id")
        if not ids and isinstance(start, int) and isinstance(stop, int):
            ids = [one for one in self._ids if isinstance(one, int) and start <= one <= stop]
        gone = {id(one) for number in ids or () for one in self._ids.get(number, ())}
        self.transcript.shown = [one for one in self.transcript.shown if id(one) not in gone]
        if isinstance(summary, str) and summary:
            at = action.get("summary_offset")
            at = at if isinstance(at, int) else 1
            self.transcript.shown.insert(at, {"role": "user", "content": summary})


def _parts(words: Any) -> Any:
    return [words] if isinstance(words, Mapping) else words


def _result(event: Mapping[str, Any]) -> Any:
    """Return what a tool gave back, as far as the event holds it in words."""
    observed = event.get("observation")
    if isinstance(observed, Mapping):
        for key in ("content", "to_llm_content", "output", "text"):
            if observed.get(key) is not None:
                return observed[key]
        return json.dumps(observed, ensure_ascii=False)
    return event.get("error") or event.get("rejection_reason") or observed or ""
