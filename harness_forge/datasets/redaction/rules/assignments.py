"""Assignments: `DB_PASSWORD=…`, `"token": "…"`, `api_key: …`.

Here code must survive: `token = parse()`, `max_tokens`, `password=$DB_PASSWORD`
are no secrets. So the name must end in the word, and the value must be a
literal that looks chosen.
"""

# A pattern is read in one piece.
# ruff: noqa: E501, S105

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from harness_forge.datasets.redaction.literals import (
    NUMBERED_NAME,
    literal,
    looks_random,
    mixed,
    passphrase,
)
from harness_forge.datasets.redaction.rule import RedactionRule

PASSWORD = r"pass(?:word|wd|phrase)?|pwd|passcode|authtok"
SECRET = (
    r"secret|secret[_-]?key|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?key"
    r"|encryption[_-]?key|signing[_-]?key|master[_-]?key|account[_-]?key|psk|pre[_-]?shared[_-]?key"
    r"|credentials?|authtoken|community|secret[_-]?key[_-]?base|key[_-]data|license[_-]?key"
    r"|private[_-]?key[_-]?id|(?:auth|secure[_-]auth|logged[_-]in|nonce)[_-](?:key|salt)"
)
_HINT = r"(?i)(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|authtok|key|key[_-](?:base|data|id)|salt|psk|credentials?|community)[_-]?[0-9]{0,2}[\s\\\"'`\])]{0,12}[:=]"
_ENDS = (
    "pass",
    "word",
    "passwd",
    "phrase",
    "pwd",
    "code",
    "secret",
    "token",
    "key",
    "psk",
    "credential",
    "credentials",
    "community",
    "authtok",
    "key_base",
    "key-data",
    "key_data",
    "key_id",
    "salt",
)
_SIGN = re.compile("[:=]")
_BEFORE = re.compile(r"(?P<name>[A-Za-z0-9_.-]{3,120})\\{0,7}[\"'`]?\)?\]?[ \t]{0,3}\Z")
_NAME = re.compile(rf"(?:.*?)(?:{PASSWORD}|{SECRET})(?:[_-]?\d{{1,2}})?", re.IGNORECASE)
_IS_PASSWORD = re.compile(rf".*(?:{PASSWORD})(?:[_-]?\d+)?", re.IGNORECASE)
_QUOTED = re.compile(
    r"(?:=>|:=|==?|:)[ \t]*[rbuf]?(?P<e>\\{0,7})(?P<q>[\"'`])(?P<v>(?:(?!\\?(?P=q))[^\n\r\\]|(?!(?P=e)(?P=q))\\[^\n\r]){1,512}?)(?P=e)(?P=q)"
)
_BARE = re.compile(
    r"(?:=|:[ \t]+|=[ \t])(?P<v>[^\s\"'`\\;&|<>(){}\[\]$,]{6,8000})(?=[\s\"'`\\;&|]|$)"
)
_SEPARATED = frozenset("\n\t ;&?\"'`{,(-")
"""Characters before the name of a value without quotes."""


def _assigned(text: str, wanted: bool) -> Iterator[tuple[int, int]]:
    """Yield the values of assignments: finds the signs, then reads the names before them."""
    for sign in _SIGN.finditer(text):
        at = sign.start()
        head = text[max(0, at - 128) : at]
        # Almost every sign ends here.
        if not head.rstrip(" \t)]\"'`\\").rstrip("0123456789").rstrip("_-").lower().endswith(_ENDS):
            continue
        before = _BEFORE.search(head)
        if before and (found := _value(text, at, before)) and wanted is found[0]:
            yield found[1]


def _value(text: str, at: int, before: re.Match[str]) -> tuple[bool, tuple[int, int]] | None:
    """Return whether a password or another secret is assigned at a sign, and the span."""
    name, start = before["name"], at - len(before.string) + before.start()
    lead = text[start - 1 : start]
    if lead == "\\" and name[0] in "nrt":
        name, lead = name[1:], "\n"
    if lead == "$" or not _NAME.fullmatch(name):
        return None
    is_password = _IS_PASSWORD.fullmatch(name) is not None
    if match := _QUOTED.match(text, at):
        return (is_password, match.span("v")) if _quoted(name, match["v"], is_password) else None
    registry = lead == ":" and name[0] == "_"  # //registry/:_authToken=
    if (
        (lead and lead not in _SEPARATED and not registry)
        or name[-1:] == "."
        or before[0].endswith("]")
    ):
        return None
    spaced = before[0][-1:] in " \t"
    match = _BARE.match(text, at)
    if not match or (spaced and text[at] == ":"):
        return None
    op = " = " if spaced or text[at : at + 2] == "= " else text[at]
    return (is_password, match.span("v")) if _bare(match["v"], is_password, op) else None


def quoted(name: str, value: str) -> bool:
    """Tell whether a value, quoted or in an element of its own, is what its name says."""
    return _quoted(name, value, _IS_PASSWORD.fullmatch(name) is not None)


def _quoted(name: str, value: str, is_password: bool) -> bool:
    if is_password and passphrase(value):
        return True
    if not literal(value) or (name.isupper() and value.isupper() and value.isalpha()):
        return False
    if is_password:
        # Words with spaces are labels and messages, not passwords.
        return len(value) >= 6 and " " not in value and (mixed(value) or len(value) >= 20)
    return (
        len(value) >= 8 and " " not in value and mixed(value) and not NUMBERED_NAME.fullmatch(value)
    )


def _bare(value: str, is_password: bool, operator: str) -> bool:
    if is_password and passphrase(value):
        return True
    if not literal(value) or not mixed(value) or NUMBERED_NAME.fullmatch(value):
        return False
    if operator == " = " and not looks_random(value):
        return False
    if (
        "=" in value.rstrip("=")
        or value.endswith((":", ".", ")"))
        or re.fullmatch(r"[a-z_]+\.[\w.]+", value)
    ):
        return False
    if is_password:
        return len(value) >= 6
    return looks_random(value) and len(value) >= (8 if _of_every_kind(value) else 12)


def _of_every_kind(value: str) -> bool:
    """Tell whether a value has small and capital letters, digits and signs, as a rule demands."""
    tests = (str.islower, str.isupper, str.isdigit, lambda c: c in "!#%+*?~^@$")
    return all(any(map(test, value)) for test in tests)


def _search(wanted: bool) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: _assigned(text, wanted)


RULES = (
    RedactionRule("password", _HINT, _search(True)),
    RedactionRule("secret", _HINT, _search(False)),
)
