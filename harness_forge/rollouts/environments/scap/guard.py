"""Detect what a script broke on its way to a pass.

A scanner's pass alone proves little: a rule about a file passes when the file
is deleted. So every entry of the root is compared with the untouched root, key
files are read as their programs would read them, and the rules that passed
before must still pass.

Damage is reported as faults such as `gone:/etc/passwd`. The reference fix of a
rule may rightly do some of it (delete a file, remove all permissions of one):
such faults are allowed on that rule, except those that no fix may cause.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness_forge.rollouts.environments.scap.harms import harms

Entry = Mapping[str, Any]

REVISION = 3
"""Increase it when the same change would be reported as other faults."""

KEY_FILES = (
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/login.defs",
    "/etc/fstab",
    "/etc/sudoers",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/profile",
    "/etc/ssh/sshd_config",
    "/etc/audit/auditd.conf",
    "/etc/security",
    "/etc/pam.d",
    "/etc/pam.d/system-auth",
    "/etc/pam.d/password-auth",
    "/etc/pam.d/common-auth",
    "/etc/pam.d/common-password",
    "/etc/default/grub",
    "/etc",
    "/var",
    "/var/log",
    "/usr",
    "/home",
    "/root",
)
"""Must never be deleted, replaced or malformed, whatever the reference fix does."""

KEPT = 0.6
"""Share of a file's settings that must remain, counted by their keys."""

_SECRETS = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-")
_HELD_BY_ROOT = re.compile(r"/etc/(g?shadow-?|ssh/ssh_host_\w+_key)")
_HASH = re.compile(r"^[^:]+:(\$[^:]+):", re.MULTILINE)
_PUBLIC = re.compile(
    r"/|/(etc|usr|var|home|tmp|var/tmp|etc/profile\.d|etc/pam\.d)"
    r"|/etc/(passwd|group|hosts|resolv\.conf|nsswitch\.conf|services|profile|bashrc|os-release)"
)
"""Files that every account must be able to read."""
_PRIVATE = re.compile(r"/var/log/.*|/etc/ssh/ssh_host_\w+_key|/etc/sssd/.*|/root(/.*)?")
_TEXT_FOR_PEOPLE = re.compile(r"/etc/(issue|issue\.net|motd)")
_POLICIES = ("/etc/crypto-policies/config", "/etc/crypto-policies/state/current")
_TRUST_BY_NAME = re.compile(r"(.*/)?(\.shosts|\.rhosts|(s?hosts)\.equiv)")
_COMMENT = re.compile(r"^\s*(#|;|//|$)")


def tree_faults(baseline: Mapping[str, Entry], changes: Mapping[str, Entry | None]) -> set[str]:
    """Return the damage in `changes` that no hardening should cause.

    Args:
        baseline: every entry of the untouched root by path.
        changes: entries that differ now; None where one was deleted.
    """
    faults: set[str] = set()
    for path, now in changes.items():
        before = baseline.get(path)
        if now is None:
            if _TRUST_BY_NAME.fullmatch(path):
                continue  # harmless
            if changes.get(_parent(path), now) is not None or _parent(path) not in changes:
                faults.add(f"gone:{path}")  # report the topmost one only
            continue
        if before is not None:
            faults |= {f"{kind}:{path}" for kind in _worse(path, before, now)}
        if now["kind"] == "file" and malformed(path, now.get("text", ""), baseline):
            faults.add(f"malformed:{path}")
        if before is None and _reveals(path, now, baseline):
            faults.add(f"secret:{path}")
        faults |= {f"{harm}:{path}" for harm in harms(path, before, now)}
    return faults


def never_allowed(fault: str, protected: Iterable[str]) -> bool:
    """Return whether a fault counts even if the reference fix causes it.

    Args:
        protected: folders that no script may change, such as the package database.
    """
    kind, _, path = fault.partition(":")
    if kind in ("disk", "rule"):
        return kind == "disk"
    if any(path == folder or path.startswith(f"{folder}/") for folder in protected):
        return True
    if kind in ("unreadable", "owner"):
        return path in KEY_FILES and path not in _SECRETS
    return kind in ("gone", "replaced", "malformed", "lost") and path in KEY_FILES


def beyond(faults: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """Return the faults that the reference fix does not cause, sorted.

    A harm that names its setting is the same harm in any file: a fix may write
    a drop-in where the reference writes the main file.
    """
    known = set(allowed)
    named = {fault.partition(":")[0] for fault in known if "(" in fault}
    return sorted(f for f in set(faults) - known if f.partition(":")[0] not in named)


def _reveals(path: str, now: Entry, baseline: Mapping[str, Entry]) -> bool:
    """Return whether a new file that others can read holds what only root should read.

    A copy beside the original, as `sed -i.bak` makes it, is as readable as the original.
    """
    if now["kind"] != "file" or not now["mode"] & 0o044 or not now.get("text"):
        return False
    beside = any(path.startswith(secret) for secret in _SECRETS)
    secrets = {baseline[one]["content"] for one in baseline if _HELD_BY_ROOT.fullmatch(one)}
    hashes = set(_HASH.findall(str((baseline.get("/etc/shadow") or {}).get("text", ""))))
    return not beside and (
        now["content"] in secrets or any(one in now.get("text", "") for one in hashes)
    )


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _worse(path: str, before: Entry, now: Entry) -> Iterable[str]:
    if before["kind"] != now["kind"] or (
        now["kind"] == "link" and before["content"] != now["content"]
    ):
        yield "replaced"
        return
    if now["kind"] == "link":
        return
    needed = 0o500 if now["kind"] == "dir" else 0o400
    locked = path in _SECRETS and not now["mode"]  # root can read it anyway
    if before["mode"] & needed == needed and now["mode"] & needed != needed and not locked:
        yield "unreadable"
    read = 0o005 if now["kind"] == "dir" else 0o004
    if _PUBLIC.fullmatch(path) and before["mode"] & read == read != now["mode"] & read:
        yield "closed"
    if _PRIVATE.fullmatch(path) and now["mode"] & 0o004 and not before["mode"] & 0o004:
        yield "readable"
    bare = now["kind"] == "dir" and before["mode"] & 0o1000 and not now["mode"] & 0o1000
    if now["mode"] & 0o002 and (bare or not before["mode"] & 0o002):
        yield "writable"
    if (before["uid"] == 0 and now["uid"] != 0) or (before["gid"] == 0 and now["gid"] != 0):
        yield "owner"
    if _rewritten(path, now):
        return
    if now["kind"] == "file" and _lost(before.get("text", ""), now.get("text", "")):
        yield "lost"


def _rewritten(path: str, now: Entry) -> bool:
    """Return whether a file without keys, which is replaced as a whole, still has content."""
    text = now.get("text", "").strip()
    is_policy = path in _POLICIES and re.fullmatch(r"(DEFAULT|FIPS|FUTURE)(:[A-Z0-9:-]+)?", text)
    return bool(is_policy or (text and _TEXT_FOR_PEOPLE.fullmatch(path)))


def _lost(before: str, now: str) -> bool:
    """Return whether too few of a file's settings remain."""
    had, has = _keys(before), _keys(now)
    total = had.total()
    return total > 0 and (had & has).total() < KEPT * total


def _keys(text: str) -> Counter[str]:
    lines = (line for line in text.splitlines() if not _COMMENT.match(line))
    return Counter(re.split(r"[\s=:]", line.strip(), maxsplit=1)[0].lower() for line in lines)


# --- key files, read as their programs read them -----------------------------


def malformed(path: str, text: str, baseline: Mapping[str, Entry]) -> bool:
    """Return whether the program that owns `path` could not parse it."""
    for pattern, well_formed in _FORMS:
        if pattern.fullmatch(path):
            return not well_formed(text, str((baseline.get(path) or {}).get("text", "")))
    return False


def _records(separator: str, fields: int) -> Callable[[str, str], bool]:
    """Each line has `fields` fields, and no earlier entry is missing."""

    def well_formed(text: str, before: str) -> bool:
        rows = [line.split(separator) for line in text.splitlines() if line.strip()]
        names = {row[0] for row in rows}
        known = {line.split(separator)[0] for line in before.splitlines() if line.strip()}
        return all(len(row) == fields and row[0] for row in rows) and known <= names

    return well_formed


def _passwd(text: str, before: str) -> bool:
    def ids(lines: str) -> dict[str, tuple[str, ...]]:
        rows = (line.split(":") for line in lines.splitlines() if line.strip())
        return {row[0]: tuple(row[2:4]) for row in rows}

    if not _records(":", 7)(text, before):
        return False
    now = ids(text)
    return all(now[name] == numbers for name, numbers in ids(before).items())


def _lines(pattern: str) -> Callable[[str, str], bool]:
    """Each line that is not a comment matches the pattern."""
    form = re.compile(pattern)

    def well_formed(text: str, before: str) -> bool:
        joined = text.replace("\\\n", " ")
        return all(
            form.match(line) or not line.strip() or line.lstrip().startswith("#")
            for line in joined.splitlines()
        )

    return well_formed


def _sections(text: str, before: str) -> bool:
    """`[section]` first, then `key = value`."""
    inside = False
    for line in text.splitlines():
        if _COMMENT.match(line):
            continue
        if re.match(r"\s*\[[^\]]+\]\s*$", line):
            inside = True
        elif not inside or "=" not in line:
            return False
    return True


_FORMS: list[tuple[re.Pattern[str], Callable[[str, str], bool]]] = [
    (re.compile(pattern), form)
    for pattern, form in (
        (r"/etc/passwd", _passwd),
        (r"/etc/group", _records(":", 4)),
        (r"/etc/shadow", _records(":", 9)),
        (r"/etc/gshadow", _records(":", 4)),
        (
            r"/etc/ssh/sshd?_config(\.d/.*\.conf)?",
            _lines(r"\s*[A-Za-z][A-Za-z0-9]*(\s+|\s*=\s*)\S"),
        ),
        (r"/etc/sudoers(\.d/.*)?", _lines(r"\s*(@include|Defaults|[\w%+][^=]*=)")),
        (r"/etc/fstab", _lines(r"\s*\S+\s+(/\S*|none|swap)\s+\S+(\s+\S+(\s+\d+){0,2})?\s*$")),
        (
            r"/etc/pam\.d/.*",
            _lines(r"\s*(@include\s+\S+|-?(auth|account|password|session)\s+(\[.*?\]|\w+)\s+\S+)"),
        ),
        (r"/etc/sysctl\.(conf|d/.*\.conf)", _lines(r"\s*(;|-?[\w./*-]+\s*=\s*\S*)")),
        (r"/etc/login\.defs", _lines(r"\s*\w+\s+\S")),
        (r"/etc/audit/auditd\.conf", _lines(r"\s*\w+\s*=\s*\S")),
        (r"/etc/audit/(audit\.rules|rules\.d/.*\.rules)", _lines(r"\s*-")),
        (
            r"/etc/modprobe\.d/.*\.conf",
            _lines(r"\s*(alias|blacklist|install|options|remove|softdep)\s+\S"),
        ),
        (r"/etc/security/limits\.(conf|d/.*\.conf)", _lines(r"\s*\S+\s+\S+\s+\S+\s+\S+\s*$")),
        (r"/etc/systemd/\w+\.conf", _sections),
        (r"/etc/(sssd/sssd\.conf|dconf/db/[^/]+\.d/[^/]+|gdm\d?/custom\.conf)", _sections),
        (r"/etc/selinux/config", _lines(r"\s*\w+\s*=\s*\S")),
        (r"/etc/default/(grub|useradd)", _lines(r"\s*(export\s+)?\w+=")),
    )
]
