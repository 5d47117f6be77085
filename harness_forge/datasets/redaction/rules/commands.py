"""Passwords that a command line hands over: as an option, through a pipe, a here-string."""

# A pattern is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re

from harness_forge.datasets.redaction.literals import PLACEHOLDER, chosen, mixed
from harness_forge.datasets.redaction.rule import RedactionRule, by_pattern
from harness_forge.datasets.redaction.rules.command_line import is_run
from harness_forge.datasets.redaction.rules.passwords import not_plain

_V = r"(?P<v>[^\s\"'`$<>|;&(){}\\]{5,128})"
_Q = r"(?:\"|')?"
_WITHIN = r"[^\n|;&]{0,160}?"

_OPTION = (
    # What a command line hands over: --password x, -p x of sshpass and mysql, user:password of curl.
    r"(?:--(?:password|passwd|passphrase|token|secret|api-key|access-token|auth-token|activation-key|requirepass|pass)(?:[ \t]+|=)[\"']?(?P<a>[^\s\"'`$<>|;&(){}\\-][^\s\"'`$<>|;&(){}\\]{5,})"
    r"|\bsshpass[ \t]+-p[ \t]*[\"']?(?P<b>[^\s\"'`$\\]{4,})"
    r"|\b(?P<mysql>mysql|mysqldump|mysqladmin|mariadb(?:-dump|-admin)?)(?=[ \t])[^\n|;&]{0,120}?[ \t](?-i:-p)[\"']?(?P<c>[^\s\"'`$\\]{6,})"
    r"|\b(?:curl|wget|http)\b[^\n|;&]{0,200}?[ \t](?:-u|--user)[ \t]*[\"']?[\w.@-]+:(?P<d>[^\s\"'`$\\]{5,})"
    r"|\bhtpasswd[ \t]+-[a-zA-Z]*b[a-zA-Z]*[ \t]+\S+[ \t]+\S+[ \t]+[\"']?(?P<e>[^\s\"'`$\\]{5,})"
    r"|\bidentified[ \t]+by[ \t]+(?:password[ \t]+)?'(?P<f>[^'\n]{4,})'"
    r"|\b(?:with|encrypted|login)[ \t]+password[ \t]+'(?P<g>[^'\n]{4,})'"
    r"|\bredis-cli\b[^\n|;&]{0,80}?[ \t]-a[ \t]*[\"']?(?P<h>[^\s\"'`$\\]{6,})"
    r"|\bnet[ \t]+user[ \t]+\S+[ \t]+(?P<i>[^\s\"'/*$\\]{6,})[ \t]"
    r"|\bldap(?:search|modify|add|delete|whoami)\b[^\n|;&]{0,160}?[ \t]-w[ \t]*[\"']?(?P<j>[^\s\"'`$\\]{5,}))"
)
_OPTIONS = re.compile(_OPTION, re.IGNORECASE)
_OPTIONS_HINT = r"(?i)--(?:pass|token|secret|api-key|access-token|auth-token|activation-key|requirepass)|sshpass|mysql|mariadb|curl|wget|http |htpasswd|identified\s+by|password\s+'|redis-cli|net\s+user|ldap"

_CHPASSWD = r"\b[a-z_][\w.-]{0,31}:(?P<v>[^\s:\"'`$|\\]{5,128})[\"']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:/usr/sbin/)?chpasswd"


_PORT = re.compile(r"[\d.:]+|(?:[\w.\[\]:-]+:)?\d+(?:-\d+)?:\d+(?:-\d+)?(?:/\w+)?")
_AN_ARGUMENT = re.compile(r"(?:^|[\n;|&(])[^\n;|&(]*[ \t]-[^\n;|&(]*\Z")


def _of_mysql(match: re.Match[str]) -> bool:
    """Return whether what is glued to -p is MySQL's password, not a container's port.

    In a sentence, where no command begins, a value must look like a password too.
    """
    text, start, value = match.string, match.start("mysql"), match["c"]
    if _PORT.fullmatch(value):
        return False
    if is_run(text, start):
        return True
    return mixed(value) and not _AN_ARGUMENT.search(text, max(0, start - 160), start)


def _options(text: str):
    for match in _OPTIONS.finditer(text):
        name = match.lastgroup
        if (
            name
            and not PLACEHOLDER.match(match[name])
            and (_of_mysql(match) if name == "c" else chosen(match[name]))
            and (name != "a" or mixed(match[name]) or match[name].count("-") > 2)
        ):
            yield match.span(name)


def _chosen(match: re.Match[str]) -> bool:
    return chosen(match["v"])


_COMMANDS: tuple[tuple[str, str], ...] = (
    # hint, pattern
    (
        r"login[ \t]",
        rf"\b(?:docker|podman|buildah|skopeo|nerdctl|helm|az|oc|cf)\b{_WITHIN}\blogin\b{_WITHIN}[ \t]-p[ \t]+{_Q}{_V}",
    ),
    (r"ipmitool", rf"\bipmitool\b{_WITHIN}[ \t]-P[ \t]*{_Q}{_V}"),
    (
        r"(?:zip|7za?|rar)[ \t]",
        rf"\b(?:(?:un)?zip\b{_WITHIN}[ \t]-P[ \t]*|(?:7za?|unrar|rar)\b{_WITHIN}[ \t]-p){_Q}{_V}",
    ),
    (
        r"-(?:U|user|username)[ =\t]*[\"']?[A-Za-z0-9_.@\\-]+%",
        rf"[ \t]-{{1,2}}(?:U|user|username)[ =\t]*{_Q}[A-Za-z][\w.@\\-]*%{_V}",
    ),
    (r"snmp", rf"\bsnmp(?:walk|get|getnext|set|bulkwalk|bulkget|table|trap|inform)\b{_WITHIN}[ \t]-[cAX][ \t]*{_Q}{_V}"),
    (
        r"[ \t,\"']pass(?:word)?=",
        rf"(?:[ \t]-o|\bcifs)[ \t]+{_Q}(?:[\w.-]+(?:=[^\s,]*)?,){{0,12}}pass(?:word)?=(?P<v>[^\s\"'`$,;|&\\]{{5,128}})",
    ),
    (r"wifi-sec\.|wireless-security\.|802-1x\.", rf"\b(?:wifi-sec|802-11-wireless-security|wireless-security|802-1x)\.(?:psk|wep-key\d|password|private-key-password)[ \t]+{_Q}{_V}"),
    (r"-pass(?:in|out)?[ \t]+[\"']?pass:", rf"-pass(?:in|out)?[ \t]+{_Q}pass:{_V}"),
    (r"openssl[ \t]+passwd", rf"\bopenssl[ \t]+passwd(?:[ \t]+-(?:salt[ \t]+\S+|[\w-]+))*[ \t]+{_Q}{_V}"),
    (
        r"\|[ \t]*(?:sudo[ \t]+)?(?:/\S+/)?(?:passwd|smbpasswd|cryptsetup|kinit|gpg|docker|podman|sudo)\b",
        rf"\b(?:echo|printf)[ \t]+(?:-[ne]+[ \t]+)?{_Q}{_V}{_Q}[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:/[\w/]+/)?(?:passwd[ \t]+--stdin|smbpasswd|cryptsetup|kinit|gpg[ \t]|(?:docker|podman)[ \t]+login|sudo[ \t]+-S)",
    ),
    (r"pgpass", rf"\b(?:echo|printf)[ \t]+(?:-[ne]+[ \t]+)?{_Q}(?:[^\s:\"'`]+:){{4}}{_V}[^\n|;&]*>[^\n|;&]*pgpass"),
    (r"<<<", rf"\b(?:vncpasswd|cryptsetup|passwd|smbpasswd|kinit|sudo[ \t]+-S)\b{_WITHIN}<<<[ \t]*{_Q}{_V}"),
    (r"grub2?-(?:setpassword|mkpasswd-pbkdf2)", rf"\bgrub2?-(?:setpassword|mkpasswd-pbkdf2)[ \t]*<<-?[ \t]*[\"']?\w+[\"']?\n{_V}\n"),
    (r"grub2?-(?:setpassword|mkpasswd-pbkdf2)", rf"\bgrub2?-(?:setpassword|mkpasswd-pbkdf2)[ \t]*<<-?[ \t]*[\"']?\w+[\"']?\n\S+\n{_V}\n"),
    (r"--from-literal", rf"--from-literal[= \t]+{_Q}[\w.-]*(?:pass|passwd|password|token|secret|key)={_V}"),
    (r"(?i)configure[ \t]+set[ \t]", rf"(?i)\bconfigure[ \t]+set[ \t]+[\w.-]*(?:key|token|secret|password)[ \t]+{_Q}{_V}"),
    (r"ConvertTo-SecureString", rf"\bConvertTo-SecureString(?:[ \t]+-String)?[ \t]+{_Q}{_V}"),
)  # fmt: skip

_EXPECT = rf"assword[^\n]{{0,20}}\n[ \t]*send(?:[ \t]+--)?[ \t]+\"{_V}\\r\""

RULES = (
    RedactionRule("password", _OPTIONS_HINT, _options),
    RedactionRule("password", r"chpasswd", by_pattern(_CHPASSWD, not_plain)),
    *(RedactionRule("password", hint, by_pattern(pattern, _chosen)) for hint, pattern in _COMMANDS),
    RedactionRule(
        "password",
        r"\n[ \t]*send[ \t]",
        by_pattern(_EXPECT, lambda match: not PLACEHOLDER.match(match["v"])),
    ),
)
