"""Codex rollouts (`~/.codex/sessions/**/rollout-*.jsonl`): one session a file.

Kept: messages, reasoning where it is not encrypted, calls of all kinds with their
results, tokens of each answer, its model; what lies before a compaction or was rolled
back is not shown to later answers. Answers that were rolled back have the agent
`rewound`, those of a session that another agent started `subagent`.
Not kept: events, which repeat what the items say; snapshots; what a hosted search found,
which no rollout holds, so that answers after one are `unanswered_call` at the export.
The system prompt is kept where the rollout holds it (`base_instructions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation, words
from harness_forge.collect.sources.formats.history import Transcript
from harness_forge.collect.sources.formats.reading import Format, session
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.chat.usage import token_kinds

_CALLS = frozenset(("function_call", "custom_tool_call", "local_shell_call", "tool_search_call"))
_HOSTED = frozenset(("web_search_call", "image_generation_call"))
_OUTPUTS = frozenset(("function_call_output", "custom_tool_call_output", "tool_search_output"))
_UNSEEN = frozenset(("ghost_snapshot", "compaction_trigger", "other"))
"""Items that no model is shown, or that say nothing in words."""
_LINES = frozenset(
    ("session_meta", "turn_context", "response_item", "event_msg", "compacted", "world_state")
)
_PREFIXES = ("<environment_context>", "<user_instructions>", "# AGENTS.md instructions")
"""What user messages begin with that Codex writes itself: they are no turn of a user."""


def _fits(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    return isinstance(kind, str) and kind in _LINES and isinstance(record.get("payload"), Mapping)


def _conversations(lines: list[Mapping[str, Any]], path: Path) -> Iterable[Conversation | LeftOut]:
    if not any(_fits(one) or "record_type" in one or _is_old_head(one) for one in lines):
        raise Misfit("no session_meta and no response_item in it, so it is no Codex rollout")
    rollout = _Rollout()
    for place, line in enumerate(lines, 1):
        if unknown := rollout.take(line):
            yield LeftOut(place, f"unknown_record {unknown}"[:80])
    rollout.end()
    yield Conversation(
        item=rollout.session,
        title=rollout.asked or None,
        answers=rollout.transcript.answers,
        agent="subagent" if rollout.is_subagent else None,
        model=rollout.model,
        tools=rollout.tools,
        started_at=rollout.started_at,
    )


def _is_old_head(line: Mapping[str, Any]) -> bool:
    """Return whether a line is the first one of a rollout of before September 2025."""
    return "type" not in line and {"id", "timestamp", "instructions"} <= line.keys()


class _Rollout:
    """A session as it goes on, line by line."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.session: str | None = None
        self.asked = ""
        self.model: str | None = None
        self.tools: Any = None
        self.started_at: Any = None
        self.is_subagent = False
        self._said: dict[str, Any] = {}
        self._said_at: Any = None
        self._answered = 0

    def take(self, line: Mapping[str, Any]) -> str:
        """Take a line; return its kind where that is not known."""
        kind, payload = line.get("type"), line.get("payload")
        if "record_type" in line or _is_old_head(line):
            self._meta(line) if _is_old_head(line) else None
            return ""
        if not isinstance(payload, Mapping):
            return self._item(line, line.get("timestamp"))
        if kind == "response_item":
            return self._item(payload, line.get("timestamp"))
        if kind == "session_meta":
            self._meta(payload)
        elif kind == "turn_context":
            self.model = payload.get("model") or self.model
        elif kind == "compacted":
            self._compact(payload)
        elif kind == "event_msg":
            self._event(payload)
        elif kind not in _LINES:
            return str(kind)
        return ""

    def _meta(self, meta: Mapping[str, Any]) -> None:
        if self.session is not None:
            return  # a fork repeats the head of the session it comes from
        self.session = meta.get("id")
        self.started_at = meta.get("timestamp")
        self.tools = meta.get("dynamic_tools") or None
        source = meta.get("source")
        self.is_subagent = isinstance(source, Mapping) and "subagent" in source
        instructions = meta.get("base_instructions")
        said = instructions.get("text") if isinstance(instructions, Mapping) else instructions
        if isinstance(said, str) and said:
            self.transcript.show({"role": "system", "content": said})

    def _item(self, item: Mapping[str, Any], at: Any) -> str:
        kind = item.get("type")
        if kind == "message" and item.get("role") == "assistant":
            self._speak(at, content=[*self._said.get("content", ()), *_parts(item)])
        elif kind == "reasoning":
            self._think(item, at)
        elif kind in _CALLS:
            self._speak(at, tool_calls=[*self._said.get("tool_calls", ()), _call(item)])
        elif kind in _HOSTED:
            self._speak(at, tool_calls=[*self._said.get("tool_calls", ()), _hosted(item)])
            self.end()  # what follows was said by one who knew what it found
        elif kind == "message":
            self._show(item)
        elif kind in _OUTPUTS:
            self.end()
            self.transcript.show(_result(item))
        elif kind in ("compaction", "compaction_summary", "context_compaction"):
            self.end()  # its summary is encrypted, and stays in the history as it is
            self.transcript.show({"role": "user", "content": [{"type": "encrypted_compaction"}]})
        elif kind not in _UNSEEN:
            return str(kind)
        return ""

    def _speak(self, at: Any, **said: Any) -> None:
        self._said |= said
        self._said_at = self._said_at or at

    def _think(self, item: Mapping[str, Any], at: Any) -> None:
        whole = [one for one in item.get("content") or () if isinstance(one, Mapping)]
        # A summary is not what was thought, so it is not learned as that.
        thoughts = whole or [{"type": "encrypted_reasoning"}]
        self._speak(at, content=[*self._said.get("content", ()), *thoughts])

    def _show(self, item: Mapping[str, Any]) -> None:
        self.end()
        message = {"role": item.get("role"), "content": _parts(item)}
        if _is_users(message) and not self.asked:
            self.asked = words(message.get("content"))[:200]
        self.transcript.show(message)

    def end(self, finish_reason: str | None = None) -> None:
        """End the answer that is being given."""
        if self._said:
            said = {"role": "assistant", "content": [], **self._said}
            self.transcript.say(
                said, model=self.model, started_at=self._said_at, finish_reason=finish_reason
            )
        self._said, self._said_at = {}, None

    def _event(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type")
        if kind == "turn_aborted":
            self.end("length")
        elif kind == "token_count":
            self.end()
            self._count(event.get("info"))
        elif kind == "thread_rolled_back":
            self.end()
            self._roll_back(event.get("num_turns"))

    def _count(self, info: Any) -> None:
        """Note the tokens of the last answer; the same count may come several times."""
        used = info.get("last_token_usage") if isinstance(info, Mapping) else None
        answers = self.transcript.answers
        if not isinstance(used, Mapping) or len(answers) == self._answered:
            return
        self._answered = len(answers)
        answers[-1] = replace(
            answers[-1],
            prompt_tokens=used.get("input_tokens"),
            completion_tokens=used.get("output_tokens"),
            **token_kinds(used),
        )

    def _compact(self, payload: Mapping[str, Any]) -> None:
        """Forget what was said before; what replaces it is shown from here on."""
        self.end()
        kept = payload.get("replacement_history")
        system = [one for one in self.transcript.shown[:1] if one.get("role") == "system"]
        if isinstance(kept, list):
            self.transcript.shown = system
            inner = _Rollout()
            inner.transcript.shown = self.transcript.shown
            for item in kept:
                inner._item(item if isinstance(item, Mapping) else {}, None)
            inner.end()
            self.transcript.shown = inner.transcript.shown
        else:
            users = [one for one in self.transcript.shown if one.get("role") == "user"]
            summary = {"role": "user", "content": payload.get("message") or ""}
            self.transcript.shown = [*system, *users, summary]

    def _roll_back(self, turns: Any) -> None:
        """Forget the user's last turns; what was answered in them is `rewound`."""
        shown = self.transcript.shown
        users = [at for at, one in enumerate(shown) if _is_users(one)]
        if not isinstance(turns, int) or turns < 1 or not users:
            return
        cut = users[max(len(users) - turns, 0)]
        gone = {id(one) for one in shown[cut:]}
        self.transcript.answers = [
            replace(one, agent="rewound") if id(one.said) in gone else one
            for one in self.transcript.answers
        ]
        self.transcript.shown = shown[:cut]


def _is_users(message: Mapping[str, Any]) -> bool:
    return message.get("role") == "user" and not words(message.get("content")).startswith(_PREFIXES)


def _parts(item: Mapping[str, Any]) -> Sequence[Any]:
    content = item.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content if isinstance(content, list) else []


def _call(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call; a custom tool's text is its argument `input`."""
    number = item.get("call_id") or item.get("id")
    if item.get("type") == "custom_tool_call":
        return {
            "id": number,
            "name": item.get("name"),
            "arguments": {"input": item.get("input")},
        }
    if item.get("type") == "local_shell_call":
        action = item.get("action")
        meant = {
            key: value
            for key, value in (action if isinstance(action, Mapping) else {}).items()
            if value is not None and key != "type"
        }
        return {"id": number, "name": "local_shell", "arguments": meant}
    name = item.get("name") or str(item.get("type")).removesuffix("_call")
    if item.get("namespace"):
        name = f"{item['namespace']}{name}"
    return {"id": number, "name": name, "arguments": item.get("arguments")}


def _hosted(item: Mapping[str, Any]) -> dict[str, Any]:
    action = item.get("action")
    meant = action if isinstance(action, Mapping) else {}
    name = str(item.get("type")).removesuffix("_call")
    return {"id": item.get("id") or name, "name": name, "arguments": dict(meant)}


def _result(item: Mapping[str, Any]) -> dict[str, Any]:
    output = item.get("output", item.get("tools"))
    if isinstance(output, Mapping) and "content" in output:
        output = output["content"]
    return {"role": "tool", "tool_call_id": item.get("call_id"), "content": output}


FORMAT = Format("codex", "a Codex rollout", _fits, session(_conversations), whole=True)
