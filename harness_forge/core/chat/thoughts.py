"""Joins a message that has only thoughts to the answer after it.

Some harnesses write a model's thoughts as a separate message. By itself it would be a
turn without an answer, and an empty message in every later prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core.chat import parts
from harness_forge.core.chat.marks import learnable
from harness_forge.core.records import Message


def joined(messages: Sequence[Message]) -> list[Message]:
    """Return messages with messages of thoughts joined to the text or calls after them.

    Thoughts before a message of user or tool, or at the end, stay unchanged: an
    export rejects them as no answer. So do thoughts marked as not to be learned.
    """
    made: list[Message] = []
    for message in messages:
        while made and _goes_on(made[-1], message) and _only_thinks(made[-1]):
            message = _with_thoughts(made.pop(), message)
        made.append(message)
    return made


def _goes_on(before: Message, message: Message) -> bool:
    speaks = before.get("role") == message.get("role") == "assistant"
    return speaks and before.get("name") == message.get("name")


def _only_thinks(message: Message) -> bool:
    if message.get("tool_calls"):
        return False
    found = parts.apart(message)
    said = (found.text or "").strip() or found.others or message.get("refusal")
    return not said and bool(found.thoughts or found.hidden) and learnable(message)


def _with_thoughts(before: Message, message: Message) -> dict[str, Any]:
    """Return a message with the thoughts before it, in the field that it has its own in."""
    found = parts.apart(before)
    earlier = "\n\n".join(found.thoughts)
    hidden = [one for one in _listed(before) if parts.type_of(one) in parts.HIDDEN]
    made = dict(message)
    own = [key for key in parts.FIELDS if isinstance(made.get(key), str) and made[key].strip()]
    if earlier and own:
        # Servers say one thought under two names: both get the same.
        made |= {key: f"{earlier}\n\n{made[key]}" for key in own}
    elif earlier and parts.apart(message).thoughts:
        hidden.insert(0, {"type": "thinking", "thinking": earlier})
    elif earlier:
        made["reasoning_content"] = earlier
    if hidden:
        made["content"] = [*hidden, *_listed(message)]
    for key in parts.DETAILS:
        if isinstance(before.get(key), list) and not earlier:
            made[key] = [*before[key], *(made.get(key) or ())]
    return made


def _listed(message: Mapping[str, Any]) -> list[Any]:
    """Return the parts of a content; thoughts in tags at its start as a part of their own."""
    content = message.get("content")
    if isinstance(content, list):
        return content
    if not isinstance(content, str) or not content:
        return []
    found = parts.apart({"role": "assistant", "content": content})
    thoughts = [{"type": "thinking", "thinking": one} for one in found.thoughts]
    return [*thoughts, {"type": "text", "text": found.text}] if found.text else thoughts
