"""Escapes foreign text for display: one function per medium.

A model's name, an item or a record's text may contain what a terminal, a Markdown reader
or a browser acts on: escape sequences, controls of the writing direction, markup, links.
These functions show them as plain characters.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

_JOINERS = "\u200c\u200d"  # words of some languages need them, and they hide nothing
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u061c\u06dd\u070f\u0890-\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb\U00010000-\U0010ffff]"
)
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_MARKUP = re.compile(r"[\\`*|~]|\](?=[(\[:])")  # a bracket alone makes no link
_FIRST = ("#", "-", "+", "=")


def plain(text: str) -> str:
    """Return text with every character that is not seen written out, as `\\u202e`.

    New lines and tabs stay. In the output of JSON the value stays the same.
    """
    return _SUSPECT.sub(_written, text)


def markdown(text: object) -> str:
    """Return text for one line of Markdown: a cell, a point of a list, a sentence."""
    line = plain(" ".join(str(text).split()))
    line = _MARKUP.sub(r"\\\g<0>", escape(line, quote=False))
    # Some readers make links of bare addresses.
    line = line.replace("://", ":&#47;/").replace("www.", "www&#46;")
    return "\\" + line if line.startswith(_FIRST) else line


def code(text: object) -> str:
    """Return text as code within a line or a cell of Markdown."""
    line = plain(" ".join(str(text).split()))
    fence = "`" * (1 + _longest(line))
    room = " " if line.startswith("`") or line.endswith("`") else ""
    # A bar would end a table's cell anywhere.
    return f"{fence}{room}{line}{room}{fence}".replace("|", "\\|")


def block(text: str, language: str = "") -> str:
    """Return text as a code block that the text cannot close."""
    fence = "`" * max(3, 1 + _longest(text))
    return f"{fence}{language}\n{plain(text)}\n{fence}"


def html(text: object, quote: bool = False) -> str:
    """Return text for HTML, between tags or, with `quote`, as an attribute's value."""
    return escape(plain(str(text)), quote=quote)


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _written(found: re.Match[str]) -> str:
    char = found[0]
    if char in _JOINERS or unicodedata.category(char) not in _HIDDEN:
        return char
    if char > "\uffff":  # as JSON writes it
        pair = char.encode("utf-16-be")
        return f"\\u{pair[:2].hex()}\\u{pair[2:].hex()}"
    return f"\\u{ord(char):04x}"
