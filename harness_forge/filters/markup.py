"""Residue of terminals and web pages in what would be learned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness_forge.errors import ConfigError
from harness_forge.filters.candidate import Candidate

_NOISE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]|\r(?!\n)")
"""Control characters but tab, line ends and form feed; lone carriage returns
(progress bars); the replacement character (bytes that were no text)."""

_ASCII_NOISE = bytes(b for b in (*range(32), 127) if b not in b"\t\n\r\f")

_TAGS = (
    "a|abbr|article|aside|b|blockquote|body|br|button|center|code|dd|div|dl|dt|em|font|footer|form"
    "|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|meta|nav|noscript|ol|option"
    "|p|pre|script|section|select|small|span|strong|style|sub|sup|svg|table|tbody|td|th|thead|title"
    "|tr|u|ul"
)
# Only within groups is case ignored: a pattern that begins with a plain letter is found fast.
_TAG = re.compile(rf"<(?:(?i:!doctype html)[^<>]{{0,200}}|/?(?i:{_TAGS})(?:\s[^<>]{{0,500}})?/?)>")
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|#\d{1,6});")


@dataclass(frozen=True)
class MarkupConfig:
    """Reject answers with terminal noise, and those that are largely HTML.

    Noise is never meant: an escape character itself (not `\\033` spelt out),
    other control characters, a carriage return in mid-line, U+FFFD. HTML may
    be meant, so it goes by its share: the characters of HTML tags and
    entities, of all characters. XML with other tags is no HTML.

    Args:
        enabled: false keeps them.
        max_html_share: highest tolerated share of HTML, 0 to 1.
    """

    enabled: bool = True
    max_html_share: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.max_html_share <= 1:
            what = f"must be from 0 to 1, not {self.max_html_share}"
            raise ConfigError("filters.markup.max_html_share", what)


def judge(candidates: Sequence[Candidate], config: MarkupConfig) -> list[str | None]:
    """Return `markup` for each candidate with noise or too much HTML."""
    share = config.max_html_share
    return [
        "markup" if _noisy(row.text) or html_share(row.text) > share else None for row in candidates
    ]


def _noisy(text: str) -> bool:
    if text.isascii():
        # Three times as fast as the expression, and most text is ASCII.
        raw = text.encode()
        if "\r" not in text:
            return len(raw.translate(None, _ASCII_NOISE)) != len(raw)
    return _NOISE.search(text) is not None


def html_share(text: str) -> float:
    """Return which share of the characters belongs to HTML tags and entities, 0 to 1."""
    found = sum(len(tag[0]) for tag in _TAG.finditer(text)) if ">" in text else 0
    found += sum(len(entity[0]) for entity in _ENTITY.finditer(text)) if ";" in text else 0
    return found / len(text) if found else 0.0
