"""Passwords and secrets that only their surroundings give away.

Headers, URLs, hashes, what a sentence says; assignments, command lines and the files of
systems have modules of their own.
"""

# A pattern is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re

from harness_forge.datasets.redaction.literals import literal, looks_random, mixed, passphrase
from harness_forge.datasets.redaction.rule import RedactionRule, by_pattern
from harness_forge.datasets.redaction.rules.assignments import PASSWORD, SECRET, quoted

_HASH = (
    r"(?<![\\\w])\$(?:1|5|6|7|y|gy|2[abxy]?|apr1|sha1|argon2(?:id|i|d)|pbkdf2(?:-sha\d+)?|scrypt)\$"
    r"(?:[A-Za-z0-9./+=,_-]+\$)*[A-Za-z0-9./+=]{20,}"
    r"|\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT|PBKDF2[A-Z0-9-]*)\}[A-Za-z0-9+/=.$]{16,}"
    r"|grub\.pbkdf2\.sha512\.\d+\.[0-9A-Fa-f]{32,}\.[0-9A-Fa-f]{32,}"
    r"|(?<=:)[0-9a-fA-F]{32}:[0-9a-fA-F]{32}(?=:::)"
)
_URL = r"(?<![A-Za-z0-9])[a-zA-Z][a-zA-Z0-9+.-]{1,30}://(?P<user>[^\s:/?#@\"'<>{}$%()\\]{0,64}):(?P<v>[^\s/@\"'<>{}\\]{3,128})@"
_PLAIN_PASSWORDS = re.compile(
    r"(?i)(?:user)?(?:pass(?:word|wd)?|pwd|secret|token|\*+|x+|\.+|changeme|redacted-.*|x-oauth-basic|\$.*|%s|\[.*\])"
)

_BEARER = r"(?i:\b(?:bearer|token|basic|apikey|negotiate|digest))[ \t]+(?P<v>[A-Za-z0-9._~+/=-]{16,}={0,2})(?![\w(\[])"
_HEADER = (
    r"(?im)(?:^|[\s\"'])(?:x-[a-z-]*(?:key|token|secret)|private-token|api-key|proxy-authorization|authorization)"
    r"\\?[\"']?\s*:\s*\\?[\"']?(?:[a-z][\w-]{1,19}[ \t]+(?:token=)?\\?[\"']?)?(?P<v>[A-Za-z0-9._~+/=-]{12,})"
)
_COOKIE = r"(?i)\b(?:set-)?cookie\\?[\"']?:\s*\\?[\"']?[^\n\"']{0,200}?(?:sess\w*|sid|auth\w*|token|jwt|csrf\w*|[a-z.]*sessionid|jsessionid|phpsessid)=(?P<v>[A-Za-z0-9._%+/=-]{16,})"
_SPOKEN = r"password|passphrase|passcode|pwd|pa(?:ss|sz)wort|kennwort|wachtwoord|contraseña|contrasena|senha|mot de passe|hasło|пароль"
_SAYS = (
    rf"(?i)\b(?:{_SPOKEN})(?:[ \t]+(?:is|was|ist|war|lautet|es|era|é|est|to)|[ \t]?:)"
    + r"[ \t]*:?[ \t]*[\"'`]?(?P<v>[^\s\"'`\\,()<>{}\[\]]{6,64}?)(?=[.,]?(?:[\s\"'`)(]|$))"
)
_KEY_SAYS = r"(?i)\b(?:api|access|secret|license|account|auth)[ _-]?(?:key|token)(?:[ \t]+is)?:?[ \t]+[\"'`]?(?P<v>[A-Za-z0-9_-]{20,128})(?![\w.(\[])"
_OTP = r"otpauth://\S{1,200}?[?&]secret=(?P<v>[A-Za-z2-7]{16,})"
_XML = rf"<(?P<name>[\w.:-]*?(?:{PASSWORD}|{SECRET}))>(?P<v>[^<>\s]{{6,200}})</"
_DOCKER = r"\\?\"auth\\?\"\s*:\s*\\?\"(?P<v>[A-Za-z0-9+/]{20,}={0,2})\\?\""
_SHADOW = r"(?m)^[a-z_][\w.-]*:(?P<v>[A-Za-z0-9./]{13}):\d{4,5}:\d*:"


def not_plain(match: re.Match[str]) -> bool:
    """Return whether a text in a password's place is no placeholder."""
    return (
        not _PLAIN_PASSWORDS.fullmatch(match["v"])
        and "${" not in match["v"]
        and not match["v"].startswith("$")
    )


def _opaque(match: re.Match[str]) -> bool:
    return mixed(match["v"]) and literal(match["v"]) and looks_random(match["v"])


def _names_password(match: re.Match[str]) -> bool:
    """Tell whether a sentence names a password, not what becomes of one."""
    value = match["v"]
    if passphrase(value):
        return True
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    return (
        digits >= 2
        and letters >= 2
        and literal(value)
        and not re.match(r"(?i)(?:base|utf|sha|md|aes|rsa|x)-?\d", value)
        and not re.fullmatch(r"[\w-]+[:=/].*|\d+[a-z]+|[a-z]+-?\d{1,3}", value)
    )


RULES = (
    RedactionRule(
        "password_hash",
        r"\$[0-9a-z]{1,12}(?:-sha[0-9]+)?\$[A-Za-z0-9./+=,_$-]{20}|\{(?:S?SHA|S?MD5|CRYPT|PBKDF2)|grub\.pbkdf2|:[0-9a-fA-F]{32}:::|(?m)^[a-z_][a-z0-9_.-]*:[A-Za-z0-9./]{13}:[0-9]{4,5}:",
        by_pattern(_HASH),
    ),
    RedactionRule("password_hash", r":[A-Za-z0-9./]{13}:[0-9]{4,5}:", by_pattern(_SHADOW)),
    RedactionRule("url_password", r"://[^\s/]{0,200}@", by_pattern(_URL, not_plain)),
    RedactionRule(
        "bearer_token",
        r"(?i)(?:bearer|token|basic|apikey|negotiate|digest)[ \t]+[A-Za-z0-9._~+/=-]{16}",
        by_pattern(_BEARER, _opaque),
    ),
    RedactionRule(
        "bearer_token",
        r"(?i)(?:key|token|secret|authorization)[\\\"'\s]{0,4}:[\\\"'\s]{0,4}[A-Za-z0-9]",
        by_pattern(_HEADER, _opaque),
    ),
    RedactionRule("cookie", r"(?i)cookie[\\\"']{0,3}:", by_pattern(_COOKIE, _opaque)),
    RedactionRule(
        "password",
        r"(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|psk|credentials?)>[^<\s]{6}",
        by_pattern(_XML, lambda match: quoted(match["name"], match["v"]), re.IGNORECASE),
    ),
    RedactionRule("secret", r"auth[\\\"]{1,2}\s*:", by_pattern(_DOCKER, _opaque)),
    RedactionRule(
        "password",
        rf"(?i)(?:{_SPOKEN})(?:[ \t]+(?:is|was|ist|war|lautet|es|era|é|est|to)[ \t:]|[ \t]?:[ \t])",
        by_pattern(_SAYS, _names_password),
    ),
    RedactionRule(
        "secret",
        r"(?i)(?:api|access|secret|license|account|auth)[ _-]?(?:key|token)(?:[ \t]+is)?:?[ \t]+[\"'`]?[A-Za-z0-9_-]{4}",
        by_pattern(_KEY_SAYS, _opaque),
    ),
    RedactionRule("otp_secret", r"otpauth://", by_pattern(_OTP)),
)
