"""The phrases of a prompt: runs of one to three words, in small letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Phrase = tuple[str, ...]

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[^\w\s]{2,}|_{2,}")
_ASKING = ("system", "developer", "user")
MOST_WORDS = 2000
"""Words of one prompt that are looked at."""


def phrases_of(messages: Any, longest: int) -> set[Phrase]:
    """Return every phrase of what system and user say in a prompt; across no message's end."""
    found: set[Phrase] = set()
    left = MOST_WORDS
    for text in _asked(messages):
        words = _WORD.findall(text.lower()[: left * 20])[:left]
        left -= len(words)
        for length in range(1, longest + 1):
            found.update(zip(*(words[at:] for at in range(length)), strict=False))
    return found


def joined(phrases: Iterable[Phrase]) -> str:
    """Return phrases that stand in the same prompts as texts, those that overlap put together."""
    left = sorted(phrases, key=lambda one: (-len(one), one))
    texts: list[Phrase] = []
    while left:
        text = left.pop(0)
        if len(text) > 1:
            text = _grown(text, left)
        if not any(_within(text, other) for other in texts):
            texts.append(text)
    return " … ".join(" ".join(text) for text in sorted(texts, key=lambda one: (-len(one), one)))


def _grown(text: Phrase, left: list[Phrase]) -> Phrase:
    grows = True
    while grows:
        grows = False
        for other in left:
            overlap = len(other) - 1
            if overlap < 1:
                continue
            if text[-overlap:] == other[:overlap]:
                text, grows = (*text, other[-1]), True
            elif text[:overlap] == other[1:]:
                text, grows = (other[0], *text), True
            if grows:
                left.remove(other)
                break
    return text


def _within(one: Phrase, other: Phrase) -> bool:
    return any(other[at : at + len(one)] == one for at in range(len(other) - len(one) + 1))


def _asked(messages: Any) -> Iterable[str]:
    for one in messages if isinstance(messages, list) else ():
        if isinstance(one, Mapping) and one.get("role") in _ASKING:
            yield from _texts(one.get("content"))


def _texts(content: Any) -> Sequence[str]:
    if isinstance(content, str):
        return (content,)
    parts = content if isinstance(content, list) else ()
    texts = (one.get("text") for one in parts if isinstance(one, Mapping))
    return [text for text in texts if isinstance(text, str)]
