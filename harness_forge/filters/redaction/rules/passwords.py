"""Passwords and secrets that only their surroundings give away.

Here code must survive: `token = parse()`, `max_tokens`, `password=$DB_PASSWORD`
are no secrets. So the name must end in the word, and the value must be a
literal that looks chosen, not an expression, a reference or a placeholder.
"""

# A pattern is read in one piece.
# ruff: noqa: E501, S105

from __future__ import annotations

import re
from itertools import pairwise

from harness_forge.filters.redaction.rule import Rule, by_pattern

_PASSWORD = r"pass(?:word|wd|phrase)?|pwd|passcode"
_SECRET = (
    r"secret|secret[_-]?key|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?key"
    r"|encryption[_-]?key|signing[_-]?key|master[_-]?key|account[_-]?key|psk|pre[_-]?shared[_-]?key"
    r"|credentials?|authtoken|community"
)
_WORDS = r"(?i)pass(?:word|wd|phrase|code)?|pwd|secret|token|key|psk|credential|community"
_GAP = r"[\s\\\"'`\])]{0,4}(?::|=|=>)"
_HINT = rf"(?:{_WORDS}){_GAP}"

_NAME = rf"(?P<name>(?<![A-Za-z0-9$])(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,6}}?[A-Za-z0-9]{{0,40}}?(?:{_PASSWORD}|{_SECRET})(?:[_-]?\d{{1,2}})?)"
_QUOTED = rf"{_NAME}\\?[\"'`]?\]?[ \t]*(?:=>|:=|==?|:)[ \t]*[rbuf]?\\?(?P<q>[\"'`])(?P<v>(?:(?!\\?(?P=q))[^\n\r\\]|\\[^\n\r])+?)\\?(?P=q)"
_BARE = (
    rf"(?P<lead>^|[\s;&?\"'`{{,(]|--|-D|\\n){_NAME}[\"'`]?(?P<op>=|:[ \t]+|[ \t]=[ \t])"
    r"(?P<v>[^\s\"'`\\;&|<>(){}\[\]$,]{6,200})(?=[\s\"'`\\;&|]|$)"
)

_PLACEHOLDER = re.compile(
    r"(?i)^(?:redacted-.*|changeit|\*+|x{3,}|\.{3,}|none|null|true|false|string|required|optional"
    r"|(?:your|my|the|some|enter|insert|put|add)[_ -].*|.*(?:example|placeholder|dummy|changeme|redacted|hidden|masked).*"
    r"|(?:pass(?:word|wd)?|secret|token|key|pwd|test)\d{0,3}|<.*>|%[sr(].*|\{.*\}|\$.*|@.*@|/[\w./${}-]*|~/.*|\.{1,2}/.*"
    r"|sha(?:1|224|256|384|512)\w*|md5|yescrypt|bcrypt|https?:.*|[a-z]+://.*|file:.*|env:.*|vault:.*|arn:.*|![a-z]\w*|[a-z]+(?:[|,][a-z:0-9]+)+|[.\d]+)$"
)
_CODE = re.compile(r"[(){}<>]|\$[A-Za-z_({]|%\(|\{\{|::|->|\|\||&&|\\[dwsbSWD]|\[\^")
_IDENTIFIER = re.compile(
    r"[A-Za-z_][A-Za-z]*(?:[_.-][A-Za-z]+)*|[A-Z][A-Z_]+|[a-z]+(?:[A-Z][a-z]+)+"
)
_PATHLIKE = re.compile(
    r"[\w-]+\.(?:so|py|conf|cfg|txt|ya?ml|json|pem|key|crt|sh|service|xml|html?|js|ts|go|rs|md)$"
)
_NUMBERED_NAME = re.compile(r"(?:[A-Za-z]+[_-])+[A-Za-z]*\d{0,3}")


def _literal(value: str) -> bool:
    """Tell whether a value is a literal that somebody or some machine chose."""
    if _PLACEHOLDER.match(value) or _CODE.search(value) or _PATHLIKE.search(value):
        return False
    return not _IDENTIFIER.fullmatch(value) or (
        len(value) >= 20 and "_" not in value and "." not in value and "-" not in value
    )


def _mixed(value: str) -> bool:
    letters = any(c.isalpha() for c in value)
    return letters and any(not c.isalpha() and c not in "_-. " for c in value)


def _is_password(name: str) -> bool:
    return re.search(rf"(?i)(?:{_PASSWORD})(?:[_-]?\d+)?$", name) is not None


def _quoted(match: re.Match[str]) -> bool:
    name, value = match["name"], match["v"]
    if not _literal(value) or (name.isupper() and value.isupper() and value.isalpha()):
        return False
    if _is_password(name):
        # Words with spaces are labels and messages, not passwords.
        return len(value) >= 6 and " " not in value and (_mixed(value) or len(value) >= 20)
    return (
        len(value) >= 8
        and " " not in value
        and _mixed(value)
        and not _NUMBERED_NAME.fullmatch(value)
    )


def _bare(match: re.Match[str]) -> bool:
    name, value = match["name"], match["v"]
    if not _literal(value) or not _mixed(value) or _NUMBERED_NAME.fullmatch(value):
        return False
    if match["op"] == " = " and not _looks_random(value):
        return False
    if (
        "=" in value.rstrip("=")
        or value.endswith((":", ".", ")"))
        or re.fullmatch(r"[a-z_]+\.[\w.]+", value)
    ):
        return False
    if _is_password(name):
        return len(value) >= 6
    return len(value) >= 12 and _looks_random(value)


def _looks_random(value: str) -> bool:
    """Tell whether letters and digits alternate as in no word: at least two changes between them."""
    kinds = [
        "d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "s" for c in value
    ]
    changes = sum(a != b for a, b in pairwise(kinds))
    return (changes >= 3 and any(k == "d" for k in kinds)) or changes >= len(value) // 3


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
_XML = rf"<(?P<name>[\w.:-]*?(?:{_PASSWORD}|{_SECRET}))>(?P<v>[^<>\s]{{6,200}})</"
_DOCKER = r"\\?\"auth\\?\"\s*:\s*\\?\"(?P<v>[A-Za-z0-9+/]{20,}={0,2})\\?\""
_SHADOW = r"(?m)^[a-z_][\w.-]*:(?P<v>[A-Za-z0-9./]{13}):\d{4,5}:\d*:"


def _not_plain(match: re.Match[str]) -> bool:
    return (
        not _PLAIN_PASSWORDS.fullmatch(match["v"])
        and "${" not in match["v"]
        and not match["v"].startswith("$")
    )


def _opaque(match: re.Match[str]) -> bool:
    return _mixed(match["v"]) and _literal(match["v"]) and _looks_random(match["v"])


def _options(text: str):
    for match in _OPTIONS.finditer(text):
        name = match.lastgroup
        if (
            name
            and not _PLACEHOLDER.match(match[name])
            and _literal(match[name])
            and (name not in "a" or _mixed(match[name]))
        ):
            yield match.span(name)


_OPTIONS = re.compile(_OPTION, re.IGNORECASE)
_MULTI = re.MULTILINE

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
    Rule("password", rf"(?:{_WORDS})>[^<\s]{{6}}", by_pattern(_XML, _quoted, re.IGNORECASE)),
    Rule("secret", r"auth[\\\"]{1,2}\s*:", by_pattern(_DOCKER, _opaque)),
    Rule("otp_secret", r"otpauth://", by_pattern(_OTP)),
    Rule(
        "password",
        _HINT,
        by_pattern(
            _QUOTED, lambda match: _is_password(match["name"]) and _quoted(match), re.IGNORECASE
        ),
    ),
    Rule(
        "secret",
        _HINT,
        by_pattern(
            _QUOTED, lambda match: not _is_password(match["name"]) and _quoted(match), re.IGNORECASE
        ),
    ),
    Rule(
        "password",
        _HINT,
        by_pattern(
            _BARE,
            lambda match: _is_password(match["name"]) and _bare(match),
            re.IGNORECASE | _MULTI,
        ),
    ),
    Rule(
        "secret",
        _HINT,
        by_pattern(
            _BARE,
            lambda match: not _is_password(match["name"]) and _bare(match),
            re.IGNORECASE | _MULTI,
        ),
    ),
)
