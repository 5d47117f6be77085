"""CodeWhale's saved sessions (`~/.codewhale/sessions/ID.json`): one JSON document each.

The journal is a tree; sessions from before it have messages alone, which are one branch.
Kept: system prompt as it was saved last, messages, thinking, calls, results, branches,
approvals, and what the workspace's snapshots say each turn changed. Answers of branches that
the user left have the agent `rewound`, those with a call that the user denied `denied`.
Not kept: tool schemas, sampling settings, outcomes, tokens and models of single answers,
which no session holds: the model is the session's last.
Left out, because what they were shown is not in the session: answers after a compaction
(`after_compaction`) and after a result that the session holds only a receipt of
(`after_receipt`). An answer that a later branch repeats is learned once, where it was given.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.beside import json_beside
from harness_forge.collect.sources.formats.codewhale_beside import approvals, snapshots
from harness_forge.collect.sources.formats.conversation import Conversation, ModelAnswer
from harness_forge.collect.sources.formats.entries import root_down
from harness_forge.collect.sources.formats.reading import Format, each
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit

_INTERRUPTED = "assistant_interrupted"
"""Role of an answer that the user broke off."""
_RECEIPTS = ("[TOOL_OUTPUT_RECEIPT]", "[TOOL_RESULT_TRUNCATED]", "<TOOL_RESULT_REF")
"""How results begin that stand in a long one's place."""
_OMITTED = "(reasoning omitted)"
_TEXTS = {"user": "user", "assistant": "assistant"}
_KINDS = frozenset(("message", "compaction", "branch_summary", "system", *_TEXTS))
_OLDEST = 20
"""Forks of forks that are followed to the session they began with."""


def _fits(record: Mapping[str, Any]) -> bool:
    facts = record.get("metadata")
    if not isinstance(facts, Mapping) or not {"id", "workspace"} <= facts.keys():
        return False
    return "journal" in record or "messages" in record


def _conversations(record: Mapping[str, Any], path: Path) -> Iterable[Conversation | LeftOut]:
    if not _fits(record):
        said = "no metadata with id and workspace beside messages or a journal"
        raise Misfit(f"{said}, so it is no CodeWhale session")
    facts = record["metadata"]
    decided = approvals(record, path)
    tree = _Tree(record)
    answers, left = tree.answers({call for call, word in decided.items() if word == "denied"})
    yield from (LeftOut(0, reason) for reason in [*tree.unknown, *left])
    yield Conversation(
        item=facts["id"],
        title=facts.get("title"),
        model=facts.get("model"),
        answers=answers,
        started_at=facts.get("created_at"),
        extra={
            "session": _first_session(facts, path),
            "mode": facts.get("mode"),
            "approvals": dict(Counter(decided.values())) or None,
            "snapshots": snapshots(facts, path) or None,
        },
    )


def _first_session(facts: Mapping[str, Any], path: Path) -> Any:
    """Return the session that this one's forks go back to, as far as their files are here."""
    name, parent = facts["id"], facts.get("parent_session_id")
    for _ in range(_OLDEST):
        # A name of a file, and no path to elsewhere.
        if not isinstance(parent, str) or not parent or Path(parent).name != parent:
            break
        name, parent = parent, None
        with suppress(OSError, ValueError, AttributeError):
            parent = json_beside(path.with_name(f"{name}.json"))["metadata"]["parent_session_id"]
    return name


class _Tree:
    """The entries of a session by their ids, and the one that it stands at.

    Attributes:
        unknown: reasons of entries that are of no known kind.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        journal = record.get("journal")
        journal = journal if isinstance(journal, Mapping) and journal.get("entries") else None
        entries = journal["entries"] if journal else list(_in_a_row(record.get("messages") or ()))
        known = [one for one in entries if one.get("kind") in _KINDS]
        self.unknown = [
            f"unknown_record {one.get('kind')}"[:80] for one in entries if one not in known
        ]
        self._by_id = {one["id"]: one for one in entries}
        self._above = {one["id"]: one.get("parent_id") for one in entries}
        leaf = (journal or {}).get("leaf_id") or record.get("leaf_id")
        leaf = leaf if leaf in self._by_id else entries[-1]["id"] if entries else None
        self._active = root_down(leaf, self._above) or []
        self._head = _system(record.get("system_prompt"))
        self._made = {one["id"]: _message(one) for one in known}
        self._texts = {name: _text(made) for name, made in self._made.items()}

    def answers(self, denied: set[str]) -> tuple[list[ModelAnswer], list[str]]:
        """Return the answers in their order, and reasons of those that are left out.

        Args:
            denied: ids of calls that the user did not allow.
        """
        found: list[ModelAnswer] = []
        left: list[str] = []
        active = set(self._active)
        went_on = {self._texts[name] for name in active if name in self._texts}
        given: dict[str, set[str]] = {}
        compacted = self._is_compacted()
        for name, made in self._made.items():
            if made is None or made["role"] != "assistant":
                continue
            text, path = self._texts[name], root_down(name, self._above)
            # On one path a model may say the same twice; beside it the same words are a copy.
            if given.setdefault(text, set()) - set(path or ()):
                left.append("copied_answer")
                continue
            given[text].add(name)
            if reason := self._unknown_history(path, name in active and compacted):
                left.append(reason)
                continue
            found.append(self._answer(name, path, denied, text in went_on))
        return found, left

    def _unknown_history(self, path: list[str] | None, is_compacted: bool) -> str:
        """Return why it is not known what an answer was shown; '' where it is."""
        if path is None:
            return "history_missing"
        above = path[:-1]
        if is_compacted or any(self._by_id[one].get("kind") == "compaction" for one in above):
            return "after_compaction"
        shown = (self._made.get(one) for one in above)
        return "after_receipt" if any(one and _has_receipt(one) for one in shown) else ""

    def _is_compacted(self) -> bool:
        """Return whether the branch that goes on begins in the middle of another one."""
        first = self._texts.get(self._active[0]) if self._active else None
        return first is not None and any(
            text == first and self._above[name] is not None and name not in self._active
            for name, text in self._texts.items()
        )

    def _answer(self, name: str, path: list[str], denied: set[str], is_active: bool) -> ModelAnswer:
        made, entry = self._made[name], self._by_id[name]
        calls = {one.get("id") for one in made["content"] if one.get("type") == "tool_use"}
        shown = [one for each in path[:-1] if (one := self._made.get(each)) is not None]
        said = {key: made[key] for key in ("role", "content")}
        return ModelAnswer(
            shown=[*self._head, *shown],
            said=said,
            agent="denied" if calls & denied else None if is_active else "rewound",
            finish_reason="length" if made.get("cut") else None,
            started_at=entry.get("created_at"),
        )


def _in_a_row(messages: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield messages as the entries of one branch."""
    for number, one in enumerate(messages):
        above = str(number - 1) if number else None
        yield {"id": str(number), "parent_id": above, "kind": "message", "message": one}


def _message(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the message that an entry is; None where it is none for the model."""
    kind = entry["kind"]
    if kind in _TEXTS:
        return {"role": _TEXTS[kind], "content": [{"type": "text", "text": entry["text"]}]}
    if kind != "message":
        return None  # what is after a compaction is left out; the others are for the user
    message = entry["message"]
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    made: dict[str, Any] = {"role": message["role"], "content": [*filter(_is_said, parts)]}
    if message["role"] == _INTERRUPTED:
        made |= {"role": "assistant", "cut": True}
    return made


def _is_said(part: Mapping[str, Any]) -> bool:
    return not (part.get("type") == "thinking" and part.get("thinking") == _OMITTED)


def _text(message: Mapping[str, Any] | None) -> str:
    return json.dumps(message, sort_keys=True)


def _system(prompt: Any) -> list[dict[str, Any]]:
    return [{"role": "system", "content": prompt}] if prompt else []


def _has_receipt(message: Mapping[str, Any]) -> bool:
    results = (one for one in message["content"] if one.get("type") == "tool_result")
    return any(str(one.get("content") or "").lstrip().startswith(_RECEIPTS) for one in results)


FORMAT = Format("codewhale", "a CodeWhale session", _fits, each(_conversations), whole=True)
