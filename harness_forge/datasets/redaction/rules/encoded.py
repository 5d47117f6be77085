"""Secrets written in base64 or hexadecimal, as Kubernetes, headers and dumps have them.

A digest or a picture decodes to bytes that are no text; what decodes to text is searched by
the rules of secrets, and goes whole if one of them finds something.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence

from harness_forge.datasets.redaction.rule import RedactionRule

KIND = "encoded_secret"
_LEAST, _MOST = 24, 16384
"""Characters of an encoded text that is searched."""
_WORD = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?:0x)?(?P<v>[A-Za-z0-9+/_-]{{{_LEAST},{_MOST}}}={{0,2}})(?![A-Za-z0-9+/_=-])"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]+")


def rules(secrets: Sequence[RedactionRule]) -> tuple[RedactionRule, ...]:
    """Return the rule; `secrets` are those that a decoded text is searched by."""

    def search(text: str) -> Iterator[tuple[int, int]]:
        for match in _WORD.finditer(text):
            said = _decoded(match["v"])
            if said and any(True for rule in secrets for _ in rule.find(said)):
                yield match.span("v")

    return (RedactionRule(KIND, rf"[A-Za-z0-9+/_-]{{{_LEAST}}}", search),)


def _decoded(word: str) -> str:
    """Return the text that a word encodes; '' for none."""
    if _HEX.fullmatch(word):
        raw = bytes.fromhex(word)
    else:
        plain = word.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4))
        except binascii.Error:
            return ""
    return raw.decode("ascii") if _TEXT.fullmatch(raw) else ""
