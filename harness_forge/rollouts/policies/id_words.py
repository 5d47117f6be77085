"""The words of an item's id, and how they are found and replaced in an answer.

The same words are written in many forms: `max_log_file`, `max.log.file`,
`/max/log/file`, `MaxLogFile`, `MAX_LOG_FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_WORD = re.compile(r"[^\W_]+")
_SEPARATOR = r"([_.\-/ ]?)"
# A word begins and ends where letters and digits do, and inside a CamelCase word.
_START = r"(?:(?<![^\W_])|(?<=[a-z0-9])(?=[A-Z]))"
_END = r"(?:(?![^\W_])|(?<=[a-z])(?=[A-Z]))"


@dataclass(frozen=True)
class IdWords:
    """Words of an id, in lower case.

    Args:
        text: the same words as the id writes them, separators included.
    """

    words: tuple[str, ...]
    text: str

    @classmethod
    def of(cls, text: str) -> IdWords:
        """Return the words of a text: its runs of letters and digits."""
        return cls(tuple(found[0].lower() for found in _WORD.finditer(text)), text)

    def cut(self, start: int, end: int) -> IdWords:
        """Return the words from `start` to before `end`."""
        places = [found.span() for found in _WORD.finditer(self.text)][start:end]
        text = self.text[places[0][0] : places[-1][1]] if places else ""
        return IdWords(self.words[start:end], text)


@dataclass(frozen=True)
class Replacement:
    """Words of one id, and those of another that stand in their place."""

    old: IdWords
    new: IdWords

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Match the old words in any written form, on the boundaries of words."""
        words = _SEPARATOR.join(re.escape(word) for word in self.old.words)
        return re.compile(f"{_START}(?i:{words}){_END}")

    def written(self, found: re.Match[str]) -> str:
        """Return the new words in the form in which the old ones were found."""
        if found[0] == self.old.text:
            return self.new.text
        return _in_case(self._joined(found), found[0])

    def _joined(self, found: re.Match[str]) -> str:
        words, between = self.new.words, found.groups()
        if len(words) < 2:
            return "".join(words)
        if not any(between) and _inside(found):
            return "".join(word.capitalize() for word in words)
        if not between or found[0].lower() == self.old.text.lower():
            return self.new.text.lower()
        if len(between) == len(words) - 1:
            return "".join(map("".join, zip(words, (*between, ""), strict=True)))
        return between[-1].join(words)


def replaced(value: Any, replacements: Sequence[Replacement]) -> Any:
    """Return `value` with the words replaced in every text inside it; keys stay.

    Each place is replaced once: at the leftmost match, the first in order that matches.
    """
    if isinstance(value, str):
        return _in_text(value, replacements)
    if isinstance(value, Mapping):
        return {key: replaced(inner, replacements) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(inner, replacements) for inner in value]
    return value


def _in_text(text: str, replacements: Sequence[Replacement]) -> str:
    done, at = [], 0
    while True:
        matches = [
            (found.start(), -found.end(), order, found)
            for order, one in enumerate(replacements)
            if (found := one.pattern.search(text, at))
        ]
        if not matches:
            return "".join([*done, text[at:]])
        _, _, order, found = min(matches, key=lambda match: match[:3])
        done += [text[at : found.start()], replacements[order].written(found)]
        at = found.end()


def _inside(found: re.Match[str]) -> bool:
    """Return whether a match is part of a longer CamelCase word."""
    text, (start, end) = found.string, found.span()
    return text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()


def _in_case(new: str, found: str) -> str:
    letters = [letter for letter in found if letter.isalpha()]
    if letters and all(letter.isupper() for letter in letters):
        return new.upper()
    if found[:1].isupper():
        return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:], new)
    return new
