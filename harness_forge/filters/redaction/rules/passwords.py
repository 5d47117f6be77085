"""Passwords and secrets that only their surroundings give away.

Headers, URLs, command lines, password files; assignments have a module of their own.
"""

# A pattern is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re

from harness_forge.filters.redaction.literals import PLACEHOLDER, literal, looks_random, mixed
from harness_forge.filters.redaction.rule import Rule, by_pattern
from harness_forge.filters.redaction.rules.assignments import PASSWORD, SECRET, quoted

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
    r"\\?[\"']?\s*:\s*\\?[\"']?(?:(?:bearer|basic|token)\s+)?(?P<v>[A-Za-z0-9._~+/=-]{12,})"
)
_COOKIE = r"(?i)\b(?:set-)?cookie\\?[\"']?:\s*\\?[\"']?[^\n\"']{0,200}?(?:sess\w*|sid|auth\w*|token|jwt|csrf\w*|[a-z.]*sessionid|jsessionid|phpsessid)=(?P<v>[A-Za-z0-9._%+/=-]{16,})"
_OPTION = (
    # What a command line hands over: --password x, -p x of sshpass and mysql, user:password of curl.
    r"(?:--(?:password|passwd|passphrase|token|secret|api-key|access-token|auth-token|requirepass|pass)(?:[ \t]+|=)[\"']?(?P<a>[^\s\"'`$<>|;&(){}\\-][^\s\"'`$<>|;&(){}\\]{5,})"
    r"|\bsshpass[ \t]+-p[ \t]*[\"']?(?P<b>[^\s\"'`$\\]{4,})"
    r"|\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;&]{0,120}?[ \t]-p(?P<c>[^\s\"'`$\\]{6,})"
    r"|\b(?:curl|wget|http)\b[^\n|;&]{0,200}?[ \t](?:-u|--user)[ \t]*[\"']?[\w.@-]+:(?P<d>[^\s\"'`$\\]{5,})"
    r"|\bhtpasswd[ \t]+-[a-zA-Z]*b[a-zA-Z]*[ \t]+\S+[ \t]+\S+[ \t]+[\"']?(?P<e>[^\s\"'`$\\]{5,})"
    r"|\bidentified[ \t]+by[ \t]+(?:password[ \t]+)?'(?P<f>[^'\n]{4,})'"
    r"|\b(?:with|encrypted)[ \t]+password[ \t]+'(?P<g>[^'\n]{4,})'"
    r"|\bredis-cli\b[^\n|;&]{0,80}?[ \t]-a[ \t]*[\"']?(?P<h>[^\s\"'`$\\]{6,})"
    r"|\bnet[ \t]+user[ \t]+\S+[ \t]+(?P<i>[^\s\"'/*$\\]{6,})[ \t]"
    r"|\bldap(?:search|modify|add|delete|whoami)\b[^\n|;&]{0,160}?[ \t]-w[ \t]*[\"']?(?P<j>[^\s\"'`$\\]{5,}))"
)
_CHPASSWD = r"\b[a-z_][\w.-]{0,31}:(?P<v>[^\s:\"'`$|\\]{5,128})[\"']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:/usr/sbin/)?chpasswd"
_NETRC = r"(?i)\bmachine[ \t]+\S+\s+login[ \t]+\S+\s+password[ \t]+(?P<v>[^\s\"'\\]{4,})"
_PGPASS = r"(?m)^[\w.*-]+:(?:\d{2,5}|\*):[\w.*-]+:[\w.-]+:(?P<v>[^\s:]{4,})$"
_SNMP = r"\br[ow]community6?[ \t]+(?P<v>[^\s\"'\\]{4,})"
_OTP = r"otpauth://\S{1,200}?[?&]secret=(?P<v>[A-Za-z2-7]{16,})"
_XML = rf"<(?P<name>[\w.:-]*?(?:{PASSWORD}|{SECRET}))>(?P<v>[^<>\s]{{6,200}})</"
_DOCKER = r"\\?\"auth\\?\"\s*:\s*\\?\"(?P<v>[A-Za-z0-9+/]{20,}={0,2})\\?\""
_SHADOW = r"(?m)^[a-z_][\w.-]*:(?P<v>[A-Za-z0-9./]{13}):\d{4,5}:\d*:"


def _not_plain(match: re.Match[str]) -> bool:
    return (
        not _PLAIN_PASSWORDS.fullmatch(match["v"])
        and "${" not in match["v"]
        and not match["v"].startswith("$")
    )


def _opaque(match: re.Match[str]) -> bool:
    return mixed(match["v"]) and literal(match["v"]) and looks_random(match["v"])


def _options(text: str):
    for match in _OPTIONS.finditer(text):
        name = match.lastgroup
        if (
            name
            and not PLACEHOLDER.match(match[name])
            and literal(match[name])
            and (name not in "a" or mixed(match[name]))
        ):
            yield match.span(name)


_OPTIONS = re.compile(_OPTION, re.IGNORECASE)

RULES = (
    Rule(
        "password_hash",
        r"\$[0-9a-z]{1,12}(?:-sha[0-9]+)?\$[A-Za-z0-9./+=,_$-]{20}|\{(?:S?SHA|S?MD5|CRYPT|PBKDF2)|grub\.pbkdf2|:[0-9a-fA-F]{32}:::|(?m)^[a-z_][a-z0-9_.-]*:[A-Za-z0-9./]{13}:[0-9]{4,5}:",
        by_pattern(_HASH),
    ),
    Rule("password_hash", r":[A-Za-z0-9./]{13}:[0-9]{4,5}:", by_pattern(_SHADOW)),
    Rule("url_password", r"://[^\s/]{0,200}@", by_pattern(_URL, _not_plain)),
    Rule(
        "bearer_token",
        r"(?i)(?:bearer|token|basic|apikey|negotiate|digest)[ \t]+[A-Za-z0-9._~+/=-]{16}",
        by_pattern(_BEARER, _opaque),
    ),
    Rule(
        "bearer_token",
        r"(?i)(?:key|token|secret|authorization)[\\\"'\s]{0,4}:[\\\"'\s]{0,4}[A-Za-z0-9]",
        by_pattern(_HEADER, _opaque),
    ),
    Rule("cookie", r"(?i)cookie[\\\"']{0,3}:", by_pattern(_COOKIE, _opaque)),
    Rule(
        "password",
        r"(?i)--(?:pass|token|secret|api-key|access-token|auth-token|requirepass)|sshpass|mysql|mariadb|curl|wget|http |htpasswd|identified\s+by|password\s+'|redis-cli|net\s+user|ldap",
        _options,
    ),
    Rule("password", r"chpasswd", by_pattern(_CHPASSWD, _not_plain)),
    Rule("password", r"(?i)machine\s+\S+(?:\s|\\n)+login", by_pattern(_NETRC, _not_plain)),
    Rule(
        "password",
        r":(?:[0-9]{2,5}|\*):[A-Za-z0-9_.*-]+:[A-Za-z0-9_.-]+:",
        by_pattern(_PGPASS, _not_plain),
    ),
    Rule(
        "snmp_community",
        r"r[ow]community",
        by_pattern(_SNMP, lambda match: match["v"] not in ("public", "private", "default")),
    ),
    Rule(
        "password",
        r"(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|psk|credentials?)>[^<\s]{6}",
        by_pattern(_XML, lambda match: quoted(match["name"], match["v"]), re.IGNORECASE),
    ),
    Rule("secret", r"auth[\\\"]{1,2}\s*:", by_pattern(_DOCKER, _opaque)),
    Rule("otp_secret", r"otpauth://", by_pattern(_OTP)),
)
