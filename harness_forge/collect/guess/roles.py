"""Lists that look like messages, whatever their keys are called and their roles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.collect.sources.mapping import parsed
from harness_forge.core.chat.roles import role_of

_ROLE_KEYS = ("role", "from", "type", "speaker", "sender", "author", "who", "source", "actor")
_TEXT_KEYS = ("content", "value", "text", "message", "parts", "body", "utterance", "data", "said")
_SAID = frozenset((*_TEXT_KEYS, "tool_calls", "function_call"))
_KNOWN_ROLE_KEYS, _KNOWN_TEXT_KEYS = ("role", "from"), ("content", "value", "parts", "data")
_USERS = ("person", "customer", "client", "visitor", "guest", "requester", "operator", "q")
_MODELS = ("machine", "robot", "llm", "answerer", "responder", "helper", "claude", "chatgpt", "a")
_GUESSED = dict.fromkeys(_USERS, "user") | dict.fromkeys(_MODELS, "assistant")
_SHARE = 0.8


@dataclass(frozen=True)
class MessageKeys:
    """Which key of a message is what.

    Args:
        role: key of the role.
        text: key of the content.
    """

    role: str
    text: str

    def table(self) -> dict[str, str]:
        """Return the keys that a mapping must name, by the key that they stand for."""
        made = {}
        if self.role not in _KNOWN_ROLE_KEYS and (self.role, self.text) != ("type", "data"):
            made[self.role] = "role"
        if self.text not in _KNOWN_TEXT_KEYS or (self.text == "value") != (self.role == "from"):
            made[self.text] = "content"
            if self.role == "from":
                made[self.role] = "role"
        return made


def listed(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or of a text that is one in JSON; [] for anything else."""
    if isinstance(value, str):
        value = parsed(value)
    if not isinstance(value, list) or not value:
        return []
    return value if all(isinstance(one, Mapping) for one in value) else []


def keys_of(messages: Sequence[Mapping[str, Any]]) -> MessageKeys | None:
    """Return which keys of messages are role and content; None for what is no messages."""
    role = next((key for key in _ROLE_KEYS if _are_roles(messages, key)), None)
    if role is None:
        return None
    texts = [key for key in _TEXT_KEYS if key != role]
    held = Counter(key for one in messages for key in texts if one.get(key) is not None)
    speaking = sum(bool(_SAID & one.keys()) for one in messages)
    if not held or speaking < _SHARE * len(messages):
        return None
    return MessageKeys(role, max(held, key=lambda key: (held[key], -texts.index(key))))


def _are_roles(messages: Sequence[Mapping[str, Any]], key: str) -> bool:
    words = [one.get(key) for one in messages]
    said = [word for word in words if isinstance(word, str) and word]
    if len(said) < _SHARE * len(messages) or any(len(word) > 40 for word in said):
        return False
    if key == "role":
        return True
    few = len(set(said)) <= max(4, len(said) // 2)
    return few and any(_meaning(word) for word in said)


def _meaning(word: str) -> str | None:
    if found := role_of(word):
        return found
    small = word.strip().lower()
    for one in (small, *re.findall("[a-z]{3,}", small)):  # `Bot 7` and `helper-bot` are bots
        if found := role_of(one) or _GUESSED.get(one):
            return found
    return None


def answers(message: Mapping[str, Any], keys: MessageKeys) -> bool:
    """Return whether a message is a model's."""
    word = message.get(keys.role)
    return isinstance(word, str) and _meaning(word) == "assistant"


def role_table(words: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return what the words for roles that are not known may mean, and those that are unknown."""
    unknown = [word for word in dict.fromkeys(words) if role_of(word) is None]
    table = {word: found for word in unknown if (found := _meaning(word))}
    return table, [word for word in unknown if word not in table]
