"""Attempts as a person reads them in a terminal, a few lines each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core.chat.parts import apart
from harness_forge.core.escapes import plain
from harness_forge.core.numbers import counted
from harness_forge.store.entries import AttemptEntry

_WIDTH = 88
_MESSAGES = 8
"""Messages of an attempt that are shown; those in the middle are counted."""


def shown(number: int, entry: AttemptEntry) -> str:
    """Return one attempt: what is known of it, then its messages, a line each."""
    attempt, item = entry.attempt, entry.item
    outcome = attempt.outcome
    verdict = "no verdict" if outcome.infrastructure else "passed" if outcome.passed else "failed"
    turns = list(attempt.turns)
    count = f"{len(turns)} answer{'' if len(turns) == 1 else 's'}"
    facts = [f"item {item.item_id}", f"family {item.family}", verdict, count]
    facts += [f"model {attempt.model}"] if attempt.model else []
    facts += [f"agent {turns[-1].agent}"] if turns else []
    names = [_name(tool) for tool in turns[-1].tools] if turns else []
    facts += [f"tools {', '.join(names)}"] if names else []
    lines = [_cut(f"{number}. {' · '.join(facts)}", _WIDTH + 20)]
    if not turns:
        return plain(lines[0])
    said = [*turns[-1].messages, turns[-1].response]
    half = _MESSAGES // 2
    if len(said) > _MESSAGES:
        lines += [_line(one) for one in said[:half]]
        lines.append(f"   … {counted(len(said) - _MESSAGES, 'message')} …")
        said = said[-half:]
    lines += [_line(one) for one in said]
    # A record may hold half a character, which no terminal takes.
    return plain("\n".join(lines)).encode("utf-8", "backslashreplace").decode()


def whole(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return a conversation, a line each message, nothing cut."""
    lines = [f"   {one.get('role', '?'):<10} {_said(one)}" for one in messages]
    return plain("\n".join(lines)).encode("utf-8", "backslashreplace").decode()


def _line(message: Mapping[str, Any]) -> str:
    return f"   {message.get('role', '?'):<10} {_cut(_said(message), _WIDTH)}"


def _said(message: Mapping[str, Any]) -> str:
    found = apart(message)
    shown = [f"(thought: {one})" for one in found.thoughts if one.strip()]
    shown += ["(thought, encrypted)"] if found.hidden else []
    shown += [words] if (words := found.text) else []
    shown += [f"({kind})" for kind in found.others]
    for call in message.get("tool_calls") or ():
        shown.append(f"-> {_call(call)}")
    return " ".join(" ".join(shown).split()) or "(nothing)"


def _call(call: Any) -> str:
    made = call.get("function", call) if isinstance(call, Mapping) else {}
    if isinstance(made, Mapping) and made.get("name"):
        return f"{made['name']} {made.get('arguments')}"
    return f"(a call in no known form: {json.dumps(call, ensure_ascii=False)})"


def _name(tool: Any) -> str:
    made = tool.get("function", tool) if isinstance(tool, Mapping) else {}
    return str(made.get("name"))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
