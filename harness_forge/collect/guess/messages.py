"""Lists that look like messages, whatever their keys are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from harness_forge.collect.guess.fields import Field
from harness_forge.collect.guess.roles import meaning
from harness_forge.collect.sources.templates import parsed
from harness_forge.core.chat.roles import role_of
from harness_forge.core.chat.unread import READ, are_calls

ROLE_KEYS = (
    *("role", "from", "type", "speaker", "sender", "author", "who", "source", "actor", "by"),
    *("participant", "agent", "side", "party", "persona", "kind", "name"),
)
_TEXT_KEYS = (
    *("content", "value", "text", "message", "parts", "body", "utterance", "data", "said"),
    *("say", "says", "msg", "speech", "words", "line", "reply", "statement", "contents"),
)
_RESULT_KEYS = ("output", "out", "result", "observation", "response", "answer", "question")
"""Keys of a text only where the usual one is missing: some messages have both."""
_SAID = frozenset((*_TEXT_KEYS, *_RESULT_KEYS, "tool_calls", "function_call"))
_KNOWN_ROLE_KEYS, _KNOWN_TEXT_KEYS = ("role", "from"), ("content", "value", "parts", "data")
_SHARE = 0.8


@dataclass(frozen=True)
class MessageKeys:
    """Which key of a message is what.

    Args:
        role: key of the role.
        text: key of the content.
        more: keys of the content in messages without `text`.
        calls: key of the calls; '' where it is a known one, or there is none.
        others: keys that may be meant as well, each with what it may be.
    """

    role: str
    text: str
    more: Sequence[str] = ()
    calls: str = ""
    others: Sequence[tuple[str, str]] = ()

    @property
    def role_key(self) -> str:
        """The key of the role once the table has named it."""
        return "role" if self.role in self.table() else self.role

    def table(self) -> dict[str, str]:
        """Return the keys that a mapping must name, by the key that they stand for."""
        made = {}
        if self.role not in _KNOWN_ROLE_KEYS and (self.role, self.text) != ("type", "data"):
            made[self.role] = "role"
        if self.text not in _KNOWN_TEXT_KEYS or (self.text == "value") != (self.role == "from"):
            made[self.text] = "content"
            if self.role == "from":
                made[self.role] = "role"
        made |= dict.fromkeys(self.more, "content")
        return made | ({self.calls: "tool_calls"} if self.calls else {})


def listed(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or of a text that is one in JSON; [] for anything else."""
    if isinstance(value, str):
        value = parsed(value)
    if not isinstance(value, list) or not value:
        return []
    return value if all(isinstance(one, Mapping) for one in value) else []


def keys_of(messages: Sequence[Mapping[str, Any]]) -> MessageKeys | None:
    """Return which keys of messages are role and content; None for what is no messages."""
    roles = [key for key in ROLE_KEYS if _are_roles(messages, key)]
    if not roles:
        return _nested(messages)
    made = keys_by(messages, roles[0])
    if made is None or _speaking(messages) < _SHARE * len(messages):
        return None
    others = [(key, "role") for key in roles[1:] if roles[0] not in _KNOWN_ROLE_KEYS]
    return replace(made, others=[*others, *made.others])


def _nested(messages: Sequence[Mapping[str, Any]]) -> MessageKeys | None:
    """Return the keys where the role lies in an object of its own, such as `author.role`."""
    flat = [
        {
            f"{outer}.{key}": value
            for outer, inner in one.items()
            if isinstance(inner, Mapping)
            for key, value in inner.items()
        }
        for one in messages
    ]
    inner = dict.fromkeys(key for one in flat for key in one)
    role = next((key for key in inner if _is_of(key, ROLE_KEYS) and _are_roles(flat, key)), None)
    if role is None:
        return None
    texts = [key for key in inner if _is_of(key, _TEXT_KEYS) and key != role]
    whole = keys_by(messages, role)
    if whole and not any(isinstance(one.get(whole.text), Mapping) for one in messages):
        return whole
    return MessageKeys(role, texts[0]) if texts else None


def _is_of(key: str, names: Sequence[str]) -> bool:
    return key.rpartition(".")[2] in names


def keys_by(messages: Sequence[Mapping[str, Any]], role: str) -> MessageKeys | None:
    """Return which keys are what where the speakers are known; None without a text."""
    texts = [key for key in _TEXT_KEYS if key != role]
    held = Counter(key for one in messages for key in texts if one.get(key) is not None)
    if not held:
        return None
    text = max(held, key=lambda key: (held[key], -texts.index(key)))
    more, both = _further_texts(messages, role, text)
    calls = _calls(messages, {role, text, *more})
    return MessageKeys(role, text, more, calls, [(key, "content") for key in both])


def may_speak(line: Mapping[str, Any], *, without_role: bool = False) -> bool:
    """Return whether a line has a key of a message, in any words that are known.

    Args:
        without_role: a role alone does not count.
    """
    return bool(_SAID & line.keys()) or ("role" in line and not without_role)


def _speaking(messages: Sequence[Mapping[str, Any]]) -> int:
    return sum(bool(_SAID & one.keys()) for one in messages)


def answers(message: Mapping[str, Any], role: str) -> bool:
    """Return whether a message is a model's, by the word under its role's key."""
    word = message.get(role)
    return isinstance(word, str) and meaning(word) == "assistant"


def before_answers(conversation: Sequence[Mapping[str, Any]], role: str) -> list[Mapping[str, Any]]:
    """Return the messages before the first that is a model's."""
    return list(takewhile(lambda one: not answers(one, role), conversation))


def is_answer(message: Mapping[str, Any]) -> bool:
    """Return whether a message, or the one in a choice of a completion, is a model's."""
    inner = message.get("message")
    return answers(inner if isinstance(inner, Mapping) else message, "role")


_ACTS = frozenset(("action", "act", "command", "cmd", "tool", "tool_name", "tool_input"))
_SEEN = frozenset(("observation", "obs", "result", "output", "tool_output", "feedback"))


def acting(places: Sequence[Field]) -> str:
    """Return the path of a list whose objects are steps, each an act and what came of it."""
    for place in places:
        steps = [one for value in place.values for one in listed(value)]
        if steps and all(_ACTS & one.keys() and _SEEN & one.keys() for one in steps):
            return place.path
    return ""


def _further_texts(
    messages: Sequence[Mapping[str, Any]], role: str, text: str
) -> tuple[list[str], list[str]]:
    """Return keys of content in messages without the usual one, and keys beside it."""
    more, both = [], []
    for key in (*_TEXT_KEYS, *_RESULT_KEYS):
        having = [one for one in messages if isinstance(one.get(key), str) and one[key]]
        if key in (role, text) or not having:
            continue
        beside = sum(one.get(text) not in (None, "") for one in having)
        if beside <= (1 - _SHARE) * len(having) and key not in READ:
            more.append(key)
        elif key not in READ and key in _TEXT_KEYS:
            both.append(key)
    return more, both


def _calls(messages: Sequence[Mapping[str, Any]], taken: set[str]) -> str:
    """Return the key of calls that no known form has; '' for none."""
    found: dict[str, list[Any]] = {}
    for one in messages:
        for key, value in one.items():
            if key not in READ and key not in taken and value not in (None, "", [], {}):
                found.setdefault(str(key), []).append(value)
    likely = [
        (sum(map(are_calls, values)), key)
        for key, values in found.items()
        if sum(map(are_calls, values)) >= _SHARE * len(values)
    ]
    return max(likely, default=(0, ""))[1]


def _are_roles(messages: Sequence[Mapping[str, Any]], key: str) -> bool:
    words = [one.get(key) for one in messages]
    said = [word for word in words if isinstance(word, str) and word]
    if len(said) < _SHARE * len(messages) or any(len(word) > 40 for word in said):
        return False
    if key == "role":
        return True
    few = len(set(said)) <= max(4, len(said) // 2)
    known = role_of if key in ("kind", "name") else meaning
    return few and any(known(word) for word in said)
