"""Lines that a user completes where nothing in the records is a known word for a speaker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.collect.guess import verdicts
from harness_forge.collect.guess.fields import Field
from harness_forge.collect.guess.messages import ROLE_KEYS, MessageKeys, keys_by, listed

PROMPTS = (
    *("prompt", "question", "instruction", "query", "input", "problem", "request"),
    *("ask", "asked", "q", "user", "human", "in"),
)
ANSWERS = (
    *("response", "completion", "output", "prediction", "generation", "reply", "answered"),
    # What a question's right answer may be called too.
    *("answer", "solution", "a", "assistant", "bot", "out"),
)
"""Names of what was asked and answered, where a record has a text of each."""
_SESSION = ("session", "conversation", "thread", "dialog", "dialogue", "chat", "trace", "episode")
_SHARE = 0.8
_MOST_SPEAKERS = 6
_NO_SPEAKERS = frozenset((*PROMPTS, *ANSWERS, *verdicts.NAMES, *verdicts.OTHER_NAMES))
_SHORT = 40
"""Characters of a word for a speaker."""

_UNKNOWN = (
    'messages: "{FIELD}"',
    "message_keys: {KEY: role, KEY: content}  # what messages call role and content",
    "roles: {WORD: user, WORD: assistant}  # or system, tool: the values of that role",
    'prompt: "{FIELD}"  # or, instead of these three, a question and its answer as texts',
    'answer: "{FIELD}"',
)


@dataclass(frozen=True)
class Skeleton:
    """What a user decides on.

    Args:
        group: what the lines of a conversation share, where each line is a message; '' otherwise.
        lines: of the mapping, a comment each.
        said: what they rest on.
    """

    group: str
    lines: Sequence[str]
    said: str


def skeleton(records: Sequence[Mapping[str, Any]], places: Sequence[Field]) -> Skeleton:
    """Return the lines to be completed, with what may be the messages already in them.

    That is a list whose objects have one key of few words, as speakers have, and one of
    text; or the records themselves, where each is a message.
    """
    for place in places:
        messages = [one for value in place.values for one in listed(value)]
        if keys := _keys(messages):
            said = f"{place.path} may hold the messages, though none of its speakers is known"
            return Skeleton("", _lines(place.path, keys, messages), said)
    if keys := _keys(records):
        said = "each line may be a message, though none of the speakers is known"
        group, _ = grouping(records, places, keys.role)
        return Skeleton(group, _lines("lines", keys, records), said)
    return Skeleton(
        "", _UNKNOWN, "which field holds the conversation, or a question and its answer?"
    )


def grouping(
    records: Sequence[Mapping[str, Any]], places: Sequence[Field], role: str
) -> tuple[str, bool]:
    """Return the field that the lines of a conversation share, and whether its name says so.

    '' where none does: the whole file may be one.
    """
    found = [
        (any(word in one.key for word in _SESSION), len(set(map(str, one.values))), one.path)
        for one in places
        if one.is_words() and one.share == 1 and one.path != role
    ]
    named = [one for one in found if one[0] and one[1] < len(records)]
    repeated = [one for one in found if 1 < one[1] <= len(records) / 2]
    if named:
        return named[0][2], True
    return (max(repeated, key=lambda one: one[1])[2], False) if repeated else ("", False)


def _lines(path: str, keys: MessageKeys, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    speakers = list(dict.fromkeys(str(one[keys.role]) for one in messages if keys.role in one))
    guessed = ["user", "assistant", *["tool"] * len(speakers)]
    roles = dict(zip(speakers, guessed, strict=False))
    lines = [f'messages: "{{{path}}}"', "message_keys:"]
    lines += [f"  {_text(key)}: {ours}" for key, ours in keys.table().items()]
    lines += ["roles:  # in the order in which they speak: who is who?"]
    return lines + [f"  {_text(word)}: {ours}" for word, ours in roles.items()]


def _text(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)


def _keys(messages: Sequence[Mapping[str, Any]]) -> MessageKeys | None:
    """Return what may be speaker and text; None where there is neither."""
    if len(messages) < 2:
        return None
    held: dict[str, list[str]] = {}
    for one in messages:
        for key, value in one.items():
            if isinstance(value, str) and value:
                held.setdefault(str(key), []).append(value)
    speakers = [
        key
        for key, words in held.items()
        if key.lower() not in _NO_SPEAKERS and _are_speakers(words, len(messages))
    ]
    sizes = {key: sum(map(len, words)) for key, words in held.items()}
    if not speakers or len(held) < 2:
        return None
    role = min(speakers, key=lambda key: (key not in ROLE_KEYS, len(set(held[key])), sizes[key]))
    texts = held.keys() - set(speakers) or held.keys() - {role}
    return keys_by(messages, role) or MessageKeys(role, max(texts, key=sizes.__getitem__))


def _are_speakers(words: Sequence[str], count: int) -> bool:
    kinds = set(words)
    return (
        len(words) >= _SHARE * count
        and 1 < len(kinds) <= min(_MOST_SPEAKERS, max(2, len(words) // 2))
        and all(len(one) <= _SHORT for one in kinds)
    )
