"""Sessions of Pi (`~/.pi/agent/sessions/*/*.jsonl`): one a file, its entries a tree.

An answer was shown the entries above it. Below a compaction that is its summary, then what
the compaction kept, then what came after. Answers of branches that were left have the agent
`rewound`.
Kept: messages, thinking, calls, results, shell commands of the user, models, tokens.
Not kept: the system prompt and tool schemas, which no session holds; labels, settings.
Not exact: a summary and a user's shell command are shown in their own words, without those
that Pi puts around them, which are not in a session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation, ModelAnswer
from harness_forge.collect.sources.formats.entries import root_down
from harness_forge.collect.sources.formats.reading import Format, session
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit

_SILENT = frozenset(
    ("session", "model_change", "thinking_level_change", "custom", "label", "session_info")
)
_TELLING = frozenset(("message", "compaction", "branch_summary", "custom_message"))
_REASONS = {"toolUse": "tool_calls", "aborted": "length"}
_BROKEN = frozenset(("error", "aborted"))
"""Answers that Pi does not show to the model again."""


def _fits(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    if kind == "session":
        return "cwd" in record and "id" in record
    return "parentId" in record and isinstance(kind, str) and kind in _TELLING | _SILENT


def _conversations(
    entries: list[Mapping[str, Any]], path: Path
) -> Iterable[Conversation | LeftOut]:
    if not any(map(_fits, entries)):
        raise Misfit("no session header and no entry with a parentId, so it is no Pi session")
    for place, one in enumerate(entries, 1):
        if one.get("type") not in _TELLING | _SILENT:
            yield LeftOut(place, f"unknown_record {one.get('type')}"[:80])
    head = next((one for one in entries if one.get("type") == "session"), {})
    tree = _Tree([one for one in entries if one.get("type") != "session"])
    answers, left = tree.answers()
    yield from (LeftOut(0, reason) for reason in left)
    yield Conversation(
        item=head.get("id"),
        answers=answers,
        model=answers[-1].model if answers else None,
        started_at=head.get("timestamp"),
    )


class _Tree:
    """Entries by their ids; those of the first version follow one another."""

    def __init__(self, entries: list[Mapping[str, Any]]) -> None:
        self._entries: list[tuple[str, str | None, Mapping[str, Any]]] = []
        before = None
        for number, one in enumerate(entries):
            name = one.get("id") if isinstance(one.get("id"), str) else f"@{number}"
            above = one.get("parentId", before)
            self._entries.append((name, above, one))
            before = name
        self._by_id = {name: (above, one) for name, above, one in self._entries}
        self._above = {name: above for name, above, _ in self._entries}
        self._made: dict[int, Any] = {}

    def answers(self) -> tuple[list[ModelAnswer], list[str]]:
        """Return the answers in their order, and reasons of those that are left out."""
        found: list[ModelAnswer] = []
        left: list[str] = []
        active = set(self._path(self._entries[-1][0]) or ()) if self._entries else set()
        for name, above, one in self._entries:
            message = _message(one)
            if message.get("role") != "assistant":
                continue
            path = self._path(above)
            if path is None or message.get("stopReason") == "error":
                left.append("history_missing" if path is None else "api_error")
                continue
            found.append(self._answer(one, message, path, name in active))
        return found, left

    def _path(self, name: str | None) -> list[str] | None:
        """Return the entries from the root down to one; None where one is missing."""
        return root_down(name, self._above)

    def _answer(
        self, one, message: Mapping[str, Any], path: list[str], is_active: bool
    ) -> ModelAnswer:
        used = message.get("usage") if isinstance(message.get("usage"), Mapping) else {}
        prompt = [used.get(key) for key in ("input", "cacheRead", "cacheWrite")]
        counted = [count for count in prompt if isinstance(count, int)]
        reason = message.get("stopReason")
        return ModelAnswer(
            shown=self._shown(path),
            said=_assistant(message),
            agent=None if is_active else "rewound",
            model=message.get("model"),
            finish_reason=_REASONS.get(reason, reason),
            started_at=message.get("timestamp") or one.get("timestamp"),
            prompt_tokens=sum(counted) if counted else None,
            completion_tokens=used.get("output"),
            cached_tokens=used.get("cacheRead"),
        )

    def _shown(self, path: list[str]) -> list[Any]:
        entries = [(name, self._by_id[name][1]) for name in path]
        last = max((at for at, (_, one) in enumerate(entries) if one["type"] == "compaction"),
                   default=None)  # fmt: skip
        if last is not None:
            kept = entries[last][1].get("firstKeptEntryId")
            start = next((at for at, (name, _) in enumerate(entries) if name == kept), last)
            between = [e for e in entries[start:last] if e[1]["type"] != "compaction"]
            entries = [entries[last], *between, *entries[last + 1 :]]
        return [made for _, one in entries if (made := self._once(one)) is not None]

    def _once(self, one: Mapping[str, Any]) -> Any:
        """Return what a model is shown of an entry: the same object each time."""
        if id(one) not in self._made:
            self._made[id(one)] = _shown(one)
        return self._made[id(one)]


def _message(one: Mapping[str, Any]) -> Mapping[str, Any]:
    message = one.get("message") if one.get("type") == "message" else None
    return message if isinstance(message, Mapping) else {}


def _shown(one: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the message that an entry is for the model; None where it is none."""
    if one["type"] in ("compaction", "branch_summary"):
        return {"role": "user", "content": one.get("summary") or ""}
    if one["type"] == "custom_message":
        return {"role": "user", "content": one.get("content")}
    message = _message(one)
    role = message.get("role")
    if role in ("custom", "hookMessage", "user"):
        return {"role": "user", "content": message.get("content")}
    if role == "assistant":
        return None if message.get("stopReason") in _BROKEN else _assistant(message)
    if role == "toolResult":
        return {"role": "tool", "tool_call_id": message.get("toolCallId"),
                "content": message.get("content")}  # fmt: skip
    if role == "bashExecution" and not message.get("excludeFromContext"):
        words = f"$ {message.get('command')}\n{message.get('output')}"
        return {"role": "user", "content": words}
    return None


def _assistant(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    calls = [one for one in parts if isinstance(one, Mapping) and one.get("type") == "toolCall"]
    made: dict[str, Any] = {"role": "assistant", "content": [p for p in parts if p not in calls]}
    if calls:
        made["tool_calls"] = [
            {key: one.get(key) for key in ("id", "name", "arguments")} for one in calls
        ]
    return made


FORMAT = Format("pi", "a Pi session", _fits, session(_conversations), whole=True)
