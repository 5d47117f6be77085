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
_TAG = r"think(?:ing)?|thoughts?|reasoning|seed:think"
_THINK = re.compile(
    rf"\s*(?:<({_TAG})(?:\s[^<>]*)?>)?(.*?)</({_TAG})>\s*"
    r"|\s*(?:\[THINK\]|\u25c1think\u25b7|<\|begin_of_thought\|>)(.*?)"
    r"(?:\[/THINK\]|\u25c1/think\u25b7|<\|end_of_thought\|>)\s*"
    r"|\s*<details\s[^<>]*type=\"reasoning\"[^<>]*>(?:\s*<summary>.*?</summary>)?(.*?)</details>\s*",
    re.DOTALL | re.IGNORECASE,
)
_OPEN = re.compile(
    rf"\s*(?:<(?:{_TAG})(?:\s[^<>]*)?>|\[THINK\]|\u25c1think\u25b7|<\|begin_of_thought\|>)(.*)",
    re.DOTALL | re.IGNORECASE,
)
_QUOTES = tuple("'\"`\\")
_MAYBE = re.compile(r"think|thought|reasoning[>\"]|<reasoning", re.IGNORECASE)
_REASONING = ("reasoning>", 'reasoning"', "<reasoning")
_FOLDED = ("\u0130", "\u0131", "\u017f", "\u212a")
"""Letters beyond ASCII that are i, s or k to a regular expression without regard to case."""
_SOLUTION = re.compile(
    r"<\|begin_of_solution\|>\s*(.*?)\s*(?:<\|end_of_solution\|>\s*)?", re.DOTALL
)
"""Thoughts in tags, as families of models write them; what one of them writes around the rest."""
_ENDS = re.compile(
    r"(?:\s*(?:<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|end|return|eos)\|>|<end_of_turn>"
    r"|<\uff5cend\u2581of\u2581sentence\uff5c>|</s>))+\s*\Z"
)
"""Tokens that end an answer, where a server left them in its text."""
_WORDS = ("text", "thinking", "reasoning", "reasoning_content", "content", "summary")


@dataclass(slots=True)
class Parts:
    """The parts of a content.

    Args:
        texts: what is said, in order.
        thoughts: what was thought before it.
        others: types of the parts that are neither.
        hidden: thoughts that are encrypted were there.
        ended: a token that ends an answer was in its text.
    """

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: bool = False
    ended: bool = False

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
            _sort_in(made, part, message)
    elif content is not None:
        made.others.append(type(content).__name__)
    if message.get("channel") == "analysis":  # harmony's channel for what is thought
        made.thoughts += [words for words in made.texts if words.strip()]
        made.texts = []
    thoughts = [words for key in FIELDS if (words := _words(message.get(key)))]
    thought, text = _words(message.get("thought")), (made.text or "").lstrip()
    if thought and not text.startswith(thought.strip()):
        thoughts.append(thought)  # some harnesses keep the answer, or its first part, here too
    for key in DETAILS:
        thoughts += _detailed(made, message.get(key))
    # Servers give one thought under two names; without this it would be learned twice.
    known = {words.strip() for words in made.thoughts}
    for words in thoughts:
        if words.strip() not in known:
            made.thoughts.append(words)
            known.add(words.strip())
    return made


def text_of(message: Mapping[str, Any]) -> str | None:
    """Return the text of a message, without thoughts; None where it has none."""
    content = message.get("content")
    # Most contents are a text and nothing else: it need not be taken apart to be found.
    if (
        isinstance(content, str)
        and message.get("channel") != "analysis"
        and content.rstrip()[-1:] != ">"
        and not _may_think(content)
    ):
        return content
    return apart(message).text


def _split(made: Parts, content: str, message: Mapping[str, Any]) -> None:
    """Split leading thoughts in tags off an answer, as some servers write them."""
    if not _speaks(message):
        made.texts.append(content)
        return
    content = _without_end(made, content)
    if not _may_think(content):
        made.texts.append(content)
    elif (found := _THINK.match(content)) and _are_tags(found):
        thought = (found[2] or found[4] or found[5] or "").strip()
        made.thoughts += [thought] if thought else []
        rest = content[found.end() :]
        solution = _SOLUTION.fullmatch(rest)
        made.texts.append(solution[1] if solution else rest)
    elif found := _OPEN.fullmatch(content):  # it was cut off while it thought
        made.thoughts.append(found[1].strip())
    else:
        made.texts.append(content)


def _may_think(content: str) -> bool:
    # What the regular expression says: lower case and three searches take a twentieth of its time.
    if not content.isascii() and any(map(content.__contains__, _FOLDED)):
        return _MAYBE.search(content) is not None
    low = content.lower()
    return "think" in low or "thought" in low or any(map(low.__contains__, _REASONING))


def _speaks(message: Mapping[str, Any]) -> bool:
    return message.get("role", "assistant") == "assistant"


def _without_end(made: Parts, content: str) -> str:
    found = _ENDS.search(content) if content.rstrip()[-1:] == ">" else None
    if not found or ("</s>" in found[0] and "<s>" in content):  # HTML strikes words out
        return content
    made.ended = True
    return content[: found.start()]


def _are_tags(found: re.Match[str]) -> bool:
    """Return whether tags are a pair, or an end tag with its start tag in the template."""
    if found[4] is not None or found[5] is not None:
        return True
    opened, closed = (found[1] or "").lower(), found[3].lower()
    ends_alone = not opened and closed.startswith("think") and "<think" not in found[2].lower()
    # An answer may speak of the tag, in quotes or in code.
    ends_alone = ends_alone and found[2][-1:] not in _QUOTES and found[2].count("`") % 2 == 0
    return opened == closed or ends_alone


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


def _sort_in(made: Parts, part: Any, message: Mapping[str, Any]) -> None:
    kind = type_of(part)
    if kind in TEXTS:
        words = part if isinstance(part, str) else part.get("text")
        if not isinstance(words, str):
            made.others.append(kind)
        elif made.text:  # thoughts stand before what is said
            made.texts.append(_without_end(made, words) if _speaks(message) else words)
        else:
            _split(made, words, message)
    elif kind in THOUGHTS:
        words = _words(part)
        if words is None:
            made.others.append(kind)
        elif words.strip():
            made.thoughts.append(words)
        else:  # a signature is all that the server gave out
            made.hidden = True
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
