"""Splits a message's content into text, thoughts, calls and other parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXTS = frozenset(("text", "input_text", "output_text"))
THOUGHTS = frozenset(("reasoning", "thinking", "reasoning_text", "thought", "summary_text"))
HIDDEN = frozenset(("redacted_thinking", "encrypted_reasoning"))
CALLS = frozenset(("tool_use", "tool-call", "tool_call"))
RESULTS = frozenset(("tool_result", "tool-result"))
FIELDS = ("reasoning_content", "reasoning", "thinking")
DETAILS = ("reasoning_details", "thinking_blocks")
_THINK = re.compile(r"\s*(?:<(think(?:ing)?)>)?(.*?)</(think(?:ing)?)>\s*", re.DOTALL)
_OPEN = re.compile(r"\s*<think(?:ing)?>(.*)", re.DOTALL)
_WORDS = ("text", "thinking", "reasoning", "reasoning_content", "content", "summary")


@dataclass(slots=True)
class Parts:
    """The parts of a content.

    Args:
        texts: what is said, in order.
        thoughts: what was thought before it.
        others: types of the parts that are neither.
        hidden: thoughts that are encrypted were there.
    """

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: bool = False

    @property
    def text(self) -> str | None:
        """The texts, joined; None where there are none."""
        return "".join(self.texts) if self.texts else None


def apart(message: Mapping[str, Any]) -> Parts:
    """Return the parts of a message's content and reasoning fields."""
    made = Parts()
    content = message.get("content")
    if isinstance(content, str):
        _split(made, content, message)
    elif isinstance(content, list):
        for part in content:
            _sort_in(made, part)
    elif content is not None:
        made.others.append(type(content).__name__)
    if message.get("channel") == "analysis":  # harmony's channel for what is thought
        made.thoughts += [words for words in made.texts if words.strip()]
        made.texts = []
    thoughts = [words for key in FIELDS if (words := _words(message.get(key)))]
    if (thought := _words(message.get("thought"))) and thought.strip() != (made.text or "").strip():
        thoughts.append(thought)  # some harnesses keep the whole answer under this name
    for key in DETAILS:
        thoughts += _detailed(made, message.get(key))
    # Servers give one thought under two names; without this it would be learned twice.
    known = {words.strip() for words in made.thoughts}
    for words in thoughts:
        if words.strip() not in known:
            made.thoughts.append(words)
            known.add(words.strip())
    return made


def _split(made: Parts, content: str, message: Mapping[str, Any]) -> None:
    """Split leading thoughts in tags off an answer, as some servers write them."""
    if message.get("role", "assistant") != "assistant" or "think" not in content:
        made.texts.append(content)
    elif (found := _THINK.match(content)) and _are_tags(found):
        made.thoughts += [found[2].strip()] if found[2].strip() else []
        made.texts.append(content[found.end() :])
    elif found := _OPEN.fullmatch(content):  # it was cut off while it thought
        made.thoughts.append(found[1].strip())
    else:
        made.texts.append(content)


def _are_tags(found: re.Match[str]) -> bool:
    """Return whether tags are a pair, or an end tag with its start tag in the template."""
    return found[1] == found[3] or (found[1] is None and "<think" not in found[2])


def _detailed(made: Parts, details: Any) -> list[str]:
    """Return the texts of thoughts in a list; note encrypted and summarised ones."""
    thoughts = []
    for one in details if isinstance(details, list) else ():
        words = _words(one) if isinstance(one, Mapping) else None
        if words and "summary" not in str(one.get("type")):
            thoughts.append(words)
        else:
            made.hidden = True
    return thoughts


def type_of(part: Any) -> str:
    """Return the type of a part; a plain text, or an object with only a text, is `text`."""
    if isinstance(part, str):
        return "text"
    if not isinstance(part, Mapping):
        return type(part).__name__
    said = part.get("type")
    if said is None and isinstance(part.get("text"), str):
        return "text"
    return said if isinstance(said, str) else "untyped"


def _sort_in(made: Parts, part: Any) -> None:
    kind = type_of(part)
    if kind in TEXTS:
        words = part if isinstance(part, str) else part.get("text")
        made.texts.append(words) if isinstance(words, str) else made.others.append(kind)
    elif kind in THOUGHTS:
        words = _words(part)
        made.thoughts.append(words) if words is not None else made.others.append(kind)
    elif kind in HIDDEN:
        made.hidden = True
    else:
        made.others.append(kind)


def _words(value: Any) -> str | None:
    """Return the text of a thought: a text, a part or a list of parts; None for none."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        found = [_words(one) for one in value]
        return "".join(found) if found and all(one is not None for one in found) else None
    if isinstance(value, Mapping):
        return next(
            (words for key in _WORDS if (words := _words(value.get(key))) is not None), None
        )
    return None
