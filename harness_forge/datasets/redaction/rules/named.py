"""Values that a variable's name gives away, and that vary as a key does.

`assignments` asks whether somebody chose a value; here the value alone would
be no evidence (a digest, an id, a UUID), and the name alone would not be
either (`cache_key`). Both together are.
"""

# A form is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterator

from harness_forge.datasets.redaction.literals import literal
from harness_forge.datasets.redaction.rule import RedactionRule
from harness_forge.datasets.redaction.rules.families import drawn, spelt

_LAST = r"KEY|KEYSTRING|KEYS|TOKEN|SECRET|PAT|AUTH|CREDENTIALS?|CREDS?|PASS|PASSWORD|PWD|JWT|COOKIE|SIGNATURE|SEED|HMAC"
_VALUE = r"\\{0,7}[\"'`]{0,2}(?P<v>[A-Za-z0-9+/_.~-]{14,512}={0,2})(?![\w(\[])"
_UPPER = re.compile(
    # What parts name and value in a file, in code, on a command line, in a table, in a sentence.
    rf"(?<![A-Za-z0-9])(?P<name>(?:[A-Z][A-Z0-9]*_){{1,6}}(?:{_LAST}))\\{{0,7}}[\"'`\])]{{0,3}}"
    r"(?:[ \t]*(?::=|=>|->|[:=,|])[ \t]*|[ \t]+(?:to|is|was|as|with|of)[ \t]+|[ \t]+|\n[ \t]+value:[ \t]*)"
    + _VALUE
)
_LOWER = re.compile(
    r"(?<![A-Za-z0-9])(?P<name>[a-z][A-Za-z0-9_.-]{0,60}?(?:[_-]key|Key|[_-]pat|keystring|[_-]sess(?:ion)?|\.sid|sessionid))"
    rf"\\{{0,7}}[\"'`\])]{{0,3}}[ \t]*(?:=>|[:=])[ \t]*{_VALUE}"
)
_SESSION = re.compile(
    r"(?<![A-Za-z0-9])(?P<name>[A-Z]*SESSID|JSESSIONID|_[a-z]+_sess(?:ion)?)=(?P<v>[A-Za-z0-9%._~+/-]{16,512})"
)
_PUBLIC = re.compile(
    r"(?i)(?:.*[_-])?(?:public|pub|cache|primary|foreign|partition|sort|idempotency|object|row|group|map|host"
    r"|registry|index|bucket|dedup\w*|routing|natural|surrogate|composite|unique|lookup|search|s3|redis|etag"
    r"|publishable|anon|site|hash|message|record|item|entry|file|image|layer|blob|artifact|content|commit|kms)[_-]?keys?"
)


def _named(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_UPPER, _LOWER, _SESSION):
        for match in pattern.finditer(text):
            value = match["v"]
            if pattern is _LOWER and (spelt(value) or not any(map(str.isdigit, value))):
                continue  # code
            if drawn(value) and literal(value) and not _PUBLIC.fullmatch(match["name"]):
                yield match.span("v")


RULES = (
    RedactionRule(
        "secret",
        rf"_(?:{_LAST})[\\\"'`\])]{{0,10}}[ \t:=,|>\n-]|(?:[_-]key|Key|[_-]pat|keystring|[_-]sess(?:ion)?|\.sid|sessionid)[\\\"'`\])]{{0,10}}[ \t]*[:=]|SESSID=|JSESSIONID=",
        _named,
    ),
)
