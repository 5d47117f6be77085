"""Recognizes literal values: no placeholders, references or expressions."""

# A pattern is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re
from itertools import pairwise

PLACEHOLDER = re.compile(
    r"(?i)^(?:redacted-.*|changeit|\*+|x{3,}|\.{3,}|none|null|true|false|string|required|optional"
    r"|(?:your|my|the|some|enter|insert|put|add)[_ -].*|.*(?:example|placeholder|dummy|changeme|redacted|hidden|masked).*"
    r"|(?:pass(?:word|wd)?|secret|token|key|pwd|test)\d{0,3}|<.*>|%[sr(].*|\{.*\}|\$.*|@.*@|/[\w./${}-]*|~/.*|\.{1,2}/.*"
    r"|sha(?:1|224|256|384|512)\w*|md5|scram-sha-\d+|yescrypt|bcrypt|https?:.*|[a-z]+://.*|file:.*|env:.*|vault:.*|arn:.*|![a-z]\w*|[a-z]+(?:[|,][a-z:0-9]+)+|[.\d]+)$"
)
_CODE = re.compile(r"[(){}<>]|\$[A-Za-z_({]|%\(|\{\{|::|->|\|\||&&|\\[dwsbSWD]|\[\^")
_IDENTIFIER = re.compile(
    r"[A-Za-z_][A-Za-z]*(?:[_.-][A-Za-z]+)*|[A-Z][A-Z_]+|[a-z]+(?:[A-Z][a-z]+)+"
)
_PATHLIKE = re.compile(
    r"[\w-]+\.(?:so|py|conf|cfg|txt|ya?ml|json|pem|key|crt|sh|service|xml|html?|js|ts|go|rs|md)$"
)
NUMBERED_NAME = re.compile(r"(?:[A-Za-z]+[_-])+[A-Za-z]*\d{0,3}")


def literal(value: str) -> bool:
    """Return whether a value is a literal, chosen by a person or a machine."""
    if PLACEHOLDER.match(value) or _CODE.search(value) or _PATHLIKE.search(value):
        return False
    return not _IDENTIFIER.fullmatch(value) or (
        len(value) >= 20 and "_" not in value and "." not in value and "-" not in value
    )


_WORDS = re.compile(r"[a-z]{3,}(?:-[a-z]{3,}){3,}")
_SAID = re.compile(r"pass|secret|token|key|your|auth|user|file|here|must|not")


def passphrase(value: str) -> bool:
    """Return whether a value is a generated passphrase: four or more unrelated words."""
    return bool(_WORDS.fullmatch(value)) and not _SAID.search(value)


def chosen(value: str) -> bool:
    """Return whether a value at the place of a password is one."""
    return passphrase(value) or (not PLACEHOLDER.match(value) and literal(value))


def mixed(value: str) -> bool:
    """Tell whether a value has letters and something besides."""
    letters = any(c.isalpha() for c in value)
    return letters and any(not c.isalpha() and c not in "_-. " for c in value)


def looks_random(value: str) -> bool:
    """Return whether letters and digits alternate more often than in words."""
    kinds = [
        "d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "s" for c in value
    ]
    changes = sum(a != b for a, b in pairwise(kinds))
    return (changes >= 3 and any(k == "d" for k in kinds)) or changes >= len(value) // 3
