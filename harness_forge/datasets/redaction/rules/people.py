"""What names a person: mail addresses, and user names in paths, prompts and command lines."""

# A pattern is read in one piece.
# ruff: noqa: E501

from __future__ import annotations

import re

from harness_forge.datasets.redaction.known import ACCOUNTS
from harness_forge.datasets.redaction.rule import RedactionRule, by_pattern
from harness_forge.datasets.redaction.rules.hosts import is_public

_REMOTE = re.compile(r"\b(?:ssh|scp|sftp|mosh|rsync|ssh-copy-id|sshfs)[ \t][^|;&]*$")
"""What takes user@host: a user and a machine, not a mailbox."""
_UNITS = {
    "service",
    "socket",
    "timer",
    "target",
    "mount",
    "automount",
    "path",
    "slice",
    "scope",
} | {
    "swap",
    "device",
    "so",
    "py",
    "conf",
}
_PUBLIC_MAIL = re.compile(
    r"(?i)(?:git|hg|svn|noreply|no-reply)@(?:[\w-]+\.)*(?:github|gitlab|bitbucket|google)\.(?:com|org)"
    r"|system\.administrator@mail\.mil"
)
"""Accounts of machines at public services, and the placeholder that STIG content has."""
_MACHINES_OF = ("openssh.com", "libssh.org", "lysator.liu.se", "ssh.com", "example.com")

_MAIL = (
    r"(?<![A-Za-z0-9._%+@/:-])(?P<v>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,18})"
    r"(?![A-Za-z0-9_-]|\.[A-Za-z0-9]|@)"
)
_AFTER_ESCAPE = _MAIL.replace(
    r"(?<![A-Za-z0-9._%+@/:-])",
    r"(?:(?<=\\[nrt])|(?<![A-Za-z0-9._%+@/\\-])(?<!//)|(?<=mailto:))",
    1,
)


def _mail(match: re.Match[str]) -> bool:
    name, domain = match["v"].rsplit("@", 1)
    last = domain.rsplit(".", 1)[-1].lower()
    if (
        last in _UNITS
        or domain.lower().endswith(_MACHINES_OF)
        or _PUBLIC_MAIL.fullmatch(match["v"])
    ):
        return False
    if last in ("example", "test", "invalid", "localhost") or domain.lower() in (
        "example.org",
        "example.net",
        "localhost.localdomain",
    ):
        return False
    line = match.string[max(0, match.start() - 160) : match.start()].rpartition("\n")[2]
    if _REMOTE.search(line):
        return False
    # In user:password@host the password is no name; its own rule takes it.
    before = match.string[max(0, match.start() - 80) : match.start()]
    if re.search(r"://[^\s/@]*:?\Z", before):
        return False
    # git@host:group/repository and deploy@host:/path name a machine, and a user apart from it.
    after = match.string[match.end() : match.end() + 2]
    return (
        not (re.match(r":[~/\w]", after) and not is_public(domain)) or name.lower() not in ACCOUNTS
    )


_USER = r"(?P<v>[A-Za-z_][A-Za-z0-9_.-]{0,31}[A-Za-z0-9_]|[A-Za-z]{2})"
_HOME = rf"(?:/(?:export/)?home/|/Users/|/var/spool/cron/(?:crontabs/)?|/var/(?:spool/)?mail/|/var/lib/AccountsService/users/)(?:[A-Z][A-Z0-9]+\\\\?)?{_USER}(?=[/\s\"'`:;,)\]}}<>|&\\]|\.(?:\s|$)|$)"
_WINDOWS = r"(?i)(?<![A-Za-z0-9])[A-Z]:(?:\\\\?|/)(?:Users|Documents and Settings)(?:\\\\?|/)(?P<v>[A-Za-z][\w.-]{1,31})(?=\\|/|[\s\"'`;,)]|$)"
_PROMPT = r"(?:^|[\s\[\"'`(]|\\n)(?P<v>[a-z_][\w.-]{1,31})@[A-Za-z0-9][A-Za-z0-9.-]*(?=(?::|[ \t])[~/][^\s\]]*[\])]?[ \t]?[$#%](?:\s|$))"
_LOGIN = r"\b(?:ssh|scp|sftp|mosh|rsync|ssh-copy-id)(?=[ \t])[^\n|;&]{0,160}?[ \t:\"'](?P<v>[a-z_][\w.-]{1,31})@(?=[A-Za-z0-9$<{])"
_SESSION = (
    r"(?:Accepted (?:password|publickey) for|Failed password for(?: invalid user)?|session opened for user|session closed for user|[Ii]nvalid user|pam_unix\([\w:-]+\): .{0,80}?\buser=)"
    r"[ \t]*(?P<v>[a-z_][\w.-]{1,31})"
)
_GECOS = r"(?m)^(?P<v>[a-z_][\w.-]{1,31}):[x*!]{1,2}:(?:[1-9]\d{3,}):\d+:"

_SUDO = r"\bsudo:[ \t]+(?P<v>[a-z_][\w.-]{1,31})[ \t]+:[ \t]+(?:TTY=|user NOT|command not|\d+ incorrect)"
_LOGGED_IN = r"\b(?:[Ss]ession \S{1,12} of [Uu]ser|for UID \d+ \()[ \t]*(?P<v>[a-z_][\w.-]{0,30}\w)"
_INVENTORY = (
    r"\b(?:ansible_(?:ssh_)?user|remote_user)[ \t]*[=:][ \t]*[\"']?(?P<v>[a-z_][\w.-]{1,31})"
)
_SSH_CONFIG = r"(?m)^[ \t]+User[ \t]+(?P<v>[a-z_][\w.-]{1,31})[ \t]*$"


def _person(match: re.Match[str]) -> bool:
    name = match["v"].lower()
    if (
        name in ACCOUNTS
        or re.fullmatch(r"user-[0-9a-f]{8}", name)
        or re.search(r"\.(?:html?|php|js|css|md|txt|json|ya?ml|py|png|svg)$", name)
    ):
        return False
    return not re.fullmatch(r"(?:user|test|guest|student|node|host|u)[_-]?\d{0,3}", name)


def _in_path(match: re.Match[str]) -> bool:
    """Tell whether a home is an absolute path's, not a part of a URL or of a relative one."""
    start = match.start()
    word = re.search(r"[^\s\"'`=:(<>\[{,;|]*\Z", match.string[max(0, start - 200) : start])
    lead = word[0] if word else ""
    lead = re.sub(r"^(?:\\[nrt])+", "", lead)
    if (
        lead
        and not lead.startswith("/")
        and not re.fullmatch(r"-[A-Za-z]|\\?|!|\$[A-Z_]+|\$\{[A-Z_]+\}|@|\*|&|>|2>", lead)
    ):
        return False
    return not lead.startswith("//") and _person(match)


RULES = (
    RedactionRule("email", r"[A-Za-z0-9]@[A-Za-z0-9]", by_pattern(_AFTER_ESCAPE, _mail)),
    RedactionRule(
        "user",
        r"/home/|/Users/|/var/spool/cron/|mail/|AccountsService/users/",
        by_pattern(_HOME, _in_path),
    ),
    RedactionRule(
        "user",
        r"(?i)[a-z]:[\\/]{1,4}(?:Users|Documents and Settings)[\\/]",
        by_pattern(_WINDOWS, _person),
    ),
    RedactionRule("user", r"@[A-Za-z0-9.-]+[: \t][~/]", by_pattern(_PROMPT, _person, re.MULTILINE)),
    RedactionRule(
        "user",
        r"(?:ssh|scp|sftp|mosh|rsync|ssh-copy-id)[ \t].{0,300}@",
        by_pattern(_LOGIN, _person),
    ),
    RedactionRule(
        "user",
        r"(?:password|publickey) for|invalid user|for user|pam_unix",
        by_pattern(_SESSION, _person),
    ),
    RedactionRule("user", r"sudo:[ \t]+[a-z_]", by_pattern(_SUDO, _person)),
    RedactionRule(
        "user", r"ession \S{1,12} of [Uu]ser|for UID [0-9]", by_pattern(_LOGGED_IN, _person)
    ),
    RedactionRule("user", r"ansible_(?:ssh_)?user|remote_user", by_pattern(_INVENTORY, _person)),
    RedactionRule("user", r"(?m)^[ \t]+User[ \t]", by_pattern(_SSH_CONFIG, _person)),
    RedactionRule("user", r":[x*!]{1,2}:[1-9][0-9]{3,}:", by_pattern(_GECOS, _person)),
)
