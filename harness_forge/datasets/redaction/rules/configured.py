"""Passwords and keys in the files of systems, where place and keyword say what they are."""

# A pattern is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterator

from harness_forge.datasets.redaction.literals import chosen, looks_random, mixed
from harness_forge.datasets.redaction.rule import RedactionRule, by_pattern
from harness_forge.datasets.redaction.rules.assignments import PASSWORD, SECRET, quoted
from harness_forge.datasets.redaction.rules.passwords import not_plain

_V = r"(?P<v>[^\s\"'`$<>|;&(){}\\]{5,128})"
_NETRC = r"(?i)\bmachine[ \t]+\S+\s+login[ \t]+\S+\s+password[ \t]+(?P<v>[^\s\"'\\]{4,})"
_PGPASS = r"(?m)^[\w.*-]+:(?:\d{2,5}|\*):[\w.*-]+:[\w.-]+:(?P<v>[^\s:]{4,})$"
_RELAY = r"(?m)^\[?[A-Za-z][\w.-]*\]?:\d{2,5}[ \t]+[\w.@+-]+:(?P<v>[^\s:]{5,})$"
_SNMP = (
    r"(?:\br[ow]community6?|\bsnmp-server[ \t]+community|\bcommunity-string)"
    r"[ \t]+(?P<v>[^\s\"'\\]{4,})"
)
_SNMP_USER = r"\bcreateUser[ \t]+\S+[ \t]+(?:MD5|SHA(?:-?\d+)?)[ \t]+[\"']?(?P<v>[^\s\"']{6,})"
_SNMP_PRIVATE = r"\bcreateUser[ \t]+\S+[ \t]+\S+[ \t]+\S+[ \t]+(?:DES|AES(?:-?\d+)?)[ \t]+[\"']?(?P<v>[^\s\"']{6,})"
_KICKSTART = r"(?m)^[ \t]*rootpw[ \t]+(?:--plaintext[ \t]+)?(?!-)(?P<v>\S{5,})"
_PRESEED = r"\bpasswd/[\w-]*password(?:-again)?[ \t]+password[ \t]+(?P<v>\S{5,})"
_CLOUD_LIST = re.compile(
    r"\bchpasswd:\s*\n(?:[ \t]+\w+:[ \t]*\w*\n){0,3}?[ \t]+list:[ \t]*\|?[ \t]*\n"
)
_CLOUD_LINE = re.compile(r"[ \t]+(?:-[ \t]+)?[\w.-]+:(?P<v>[^\s:]{5,})(?:\n|$)")
_NAMED = rf"(?P<name>[A-Za-z0-9_.-]{{0,100}}?(?:{PASSWORD}|{SECRET})(?:[_-]?\d{{1,2}})?)"
_ENVIRONMENT = rf"\\?[\"']?name\\?[\"']?\s*:\s*\\?[\"']?{_NAMED}\\?[\"']?,?\s*\\?[\"']?value\\?[\"']?\s*:\s*\\?[\"']?(?P<v>[^\s\"'`\\,}}]{{6,200}})"
_PAIR = rf"[\"']{_NAMED}[\"']\s{{0,3}},\s{{0,3}}[\"'](?P<v>[^\s\"'`\\]{{6,200}})[\"']"
_LOGIN = r"(?:HTTP(?:Basic|Digest|Proxy)Auth|BasicAuth|basic_auth|\bauth[ \t]*=[ \t]*|\.login)\([ \t]*[rbuf]?[\"'][^\"'\n]{1,64}[\"'][ \t]*,[ \t]*[rbuf]?[\"'](?P<v>[^\s\"'\\]{5,128})[\"']"
_KEYWORD = (
    r"(?i)(?:\bsecret|:[ \t]*(?:psk|xauth|eap)|\bpassphrase)[ \t]+\"(?P<v>[^\s\"\\]{6,128})\""
)
_CISCO = r"\b(?:password|secret|key|key-string)[ \t]+[5789][ \t]+(?P<v>[0-9A-Za-z$./]{8,})"
_CHRONY = (
    r"(?m)^[ \t]*\d{1,5}[ \t]+(?:MD5|SHA\d{1,3}|AES\d{3}|SM3)[ \t]+(?:HEX|ASCII):(?P<v>\S{6,})"
)
_VAULT = r"\$ANSIBLE_VAULT;[\d.]+;AES256(?:;[\w.-]+)?(?:\s+|\\n)(?P<v>[0-9a-f]{16,}(?:(?:\s+|\\n)[0-9a-f]{16,})*)"


def _not_public(match: re.Match[str]) -> bool:
    return match["v"] not in ("public", "private", "default") and not_plain(match)


def _chosen(match: re.Match[str]) -> bool:
    return chosen(match["v"])


def _named(match: re.Match[str]) -> bool:
    return quoted(match["name"], match["v"])


def _opaque(match: re.Match[str]) -> bool:
    return chosen(match["v"]) and mixed(match["v"]) and looks_random(match["v"])


def _cloud_list(text: str) -> Iterator[tuple[int, int]]:
    """Yield the passwords of cloud-init's list of users, a line each."""
    for head in _CLOUD_LIST.finditer(text):
        at = head.end()
        while line := _CLOUD_LINE.match(text, at):
            if chosen(line["v"]):
                yield line.span("v")
            at = line.end()


RULES = (
    RedactionRule("password", r"(?i)machine\s+\S+(?:\s|\\n)+login", by_pattern(_NETRC, not_plain)),
    RedactionRule(
        "password",
        r":(?:[0-9]{2,5}|\*):[A-Za-z0-9_.*-]+:[A-Za-z0-9_.-]+:",
        by_pattern(_PGPASS, not_plain),
    ),
    RedactionRule("password", r":[0-9]{2,5}[ \t]+[A-Za-z0-9_.@+-]+:", by_pattern(_RELAY, _chosen)),
    RedactionRule("snmp_community", r"r[ow]community|snmp-server|community-string", by_pattern(_SNMP, _not_public)),
    RedactionRule("password", r"createUser", by_pattern(_SNMP_USER, _chosen)),
    RedactionRule("password", r"createUser", by_pattern(_SNMP_PRIVATE, _chosen)),
    RedactionRule("password", r"rootpw[ \t]", by_pattern(_KICKSTART, _chosen)),
    RedactionRule("password", r"passwd/[a-z-]*password", by_pattern(_PRESEED, _chosen)),
    RedactionRule("password", r"chpasswd:", _cloud_list),
    RedactionRule(
        "secret",
        r"(?i)(?:pass|word|wd|phrase|secret|token|key|psk|credentials?)[0-9\\\"',_-]{0,6}\s+[\\\"']{0,3}value[\\\"']{0,3}\s*:",
        by_pattern(_ENVIRONMENT, _named, re.IGNORECASE),
    ),
    RedactionRule(
        "secret",
        r"(?i)(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|salt|psk|credentials?)[0-9_-]{0,3}[\"']\s{0,3},\s{0,3}[\"']",
        by_pattern(_PAIR, _named, re.IGNORECASE),
    ),
    RedactionRule("password", r"Auth\(|basic_auth\(|auth[ \t]*=[ \t]*\(|\.login\(", by_pattern(_LOGIN, _chosen)),
    RedactionRule("secret", r"(?i)(?:secret|psk|xauth|eap|passphrase)[ \t]+\"", by_pattern(_KEYWORD, _chosen)),
    RedactionRule("password", r"(?:password|secret|key|string)[ \t]+[5789][ \t]", by_pattern(_CISCO, _opaque)),
    RedactionRule("secret", r"(?:MD5|SHA[0-9]+|AES[0-9]+|SM3)[ \t]+(?:HEX|ASCII):", by_pattern(_CHRONY)),
    RedactionRule("secret", r"ANSIBLE_VAULT;", by_pattern(_VAULT)),
)  # fmt: skip
