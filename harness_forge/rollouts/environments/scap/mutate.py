"""Break a good fix as people break them.

One small edit for each habit: the wrong file, the wrong value, the right line
commented out, half of the work. The result is still a valid tool call. It is
not assumed to fail: the scanner decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold import Fix
from harness_forge.rollouts.environments.scap.gold.pattern import holds

_PATH = re.compile(r"/etc/[\w./@-]*[\w-]|/var/[\w./-]+|/boot/[\w./-]+")
# Where a line of configuration starts in a fix.
_LINE = re.compile(
    r"""(?mx) (?<=echo\ ['"]) | (?<=printf\ ['"]) | (?<=['"]1i\ ) | (?<=/[ia]\ )
    | (?<=echo\ )(?=[/\w]) | (?<='EOF'\n)"""
)
_COMMAND = re.compile(r"(?m)^(chmod|chown|chgrp|grubby|ln|find) ")
_NEIGHBOURS = {
    "/etc/ssh/sshd_config": "/etc/ssh/ssh_config",
    "/etc/sysctl.conf": "/etc/sysctl.d/local",
    "/etc/login.defs": "/etc/default/login",
    "/etc/security/pwquality.conf": "/etc/pwquality.conf",
    "/etc/audit/auditd.conf": "/etc/auditd.conf",
    "/etc/pam.d/system-auth": "/etc/pam.d/login",
    "/etc/pam.d/password-auth": "/etc/pam.d/login",
    "/etc/pam.d/{system,password}-auth": "/etc/pam.d/{sudo,login}",
    "/etc/default/grub": "/boot/grub2/grub.cfg",
}
_OPPOSITES = (
    ("yes", "no"), ("no", "yes"), ("true", "false"), ("false", "true"), ("True", "False"),
    ("False", "True"), ("enforcing", "permissive"), ("none", "external"), ("root", "nobody"),
    ("sha512", "md5"), ("SHA512", "MD5"), ("/bin/false", "/sbin/modprobe"), ("b32", "b46"),
    ("perm=x", "perm=r"), ("-p wa", "-p r"), ("VERBOSE", "INFO"), ("targeted", "mls"),
    ("SYSLOG", "IGNORE"), ("single", "ignore"), ("rotate", "ignore"), ("email", "ignore"),
    ("syslog", "ignore"), ("hostname", "none"), ("ENRICHED", "RAW"), ("nodev", "dev"),
    ("nosuid", "suid"), ("noexec", "exec"), ("+t", "-t"),
)  # fmt: skip
_HALVES = (
    (" b32 b64;", " b32;"),
    (" EACCES EPERM;", " EPERM;"),
    ("{system,password}-auth", "system-auth"),
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """A broken fix, the habit that broke it, and what is wrong with it."""

    name: str
    fix: Fix
    why: str = ""


def mutate(fix: Fix, rule: ScapRule) -> list[Mutation]:
    """Return different broken variants of `fix`, in an order that depends on the rule.

    The order differs by rule, so that the first few variants of all rules
    together cover every habit. Habits that often do no harm come last.
    """
    names = list(_HABITS)
    turn = int(hashlib.sha256(rule.id.encode()).hexdigest(), 16) % len(names)
    seen, mutations = {fix.fix_script}, []
    for name in [*names[turn:], *names[:turn], *_OFTEN_HARMLESS]:
        habit, why = _HABITS.get(name) or _OFTEN_HARMLESS[name]
        script = habit(fix.fix_script, rule)
        if script and script not in seen:
            seen.add(script)
            mutations.append(Mutation(name, replace(fix, fix_script=script), why))
    return mutations


def _wrong_file(script: str, rule: ScapRule) -> str | None:
    """Write to a file beside the right one, or one that no program reads."""
    paths = _PATH.findall(script.replace("{system,password}-auth", "system-auth"))
    if not paths:
        return None
    path = next((known for known in _NEIGHBOURS if known in script), max(paths, key=script.count))
    return re.sub(rf"{re.escape(path)}(?![\w./-])", lambda _: _beside(path), script)


def _beside(path: str) -> str:
    if path in _NEIGHBOURS:
        return _NEIGHBOURS[path]
    folder, _, name = path.rpartition("/")
    if re.search(r"\.d$|/(locks|entries)$", folder):
        return f"{folder}/{name.rpartition('.')[0]}.bak" if "." in name else f"{folder}.new/{name}"
    return f"{path[:-1]}" if name.endswith("-") else f"{path}.new"


def _wrong_value(script: str, rule: ScapRule) -> str | None:
    """Set the right key to the wrong value."""
    start = _payload(script)
    if start is None:
        return None
    head, tail = script[:start], script[start:]
    for good, bad in _OPPOSITES:
        pattern = rf"(?<![\w/-]){re.escape(good)}(?!\w)"
        if re.search(pattern, tail):
            return head + re.sub(pattern, lambda _, bad=bad: bad, tail)
    numbers = list(re.finditer(r"(?<![\w./])-?\d+(?![\w./-])", tail))
    if not numbers:
        return None
    old = numbers[-1].group()
    new = _other_number(old, rule)
    return head + re.sub(rf"(?<![\w./]){re.escape(old)}(?![\w./-])", new, tail) if new else None


def _other_number(text: str, rule: ScapRule) -> str | None:
    """Return a number that the rule's check rejects, if it compares numbers."""
    if re.fullmatch(r"0\d\d\d?", text):
        return "0777" if len(text) == 4 else "022"
    number = int(text)
    others = {0: [1], 1: [0, 2]}.get(number, [number * 10, number // 2, 0])
    states = [
        entity for check in rule.checks for state in check.states for entity in state.values()
    ]
    limits = [entity for entity in states if holds(entity, text)]
    for other in map(str, others):
        if not limits or not all(holds(entity, other) for entity in limits):
            return other
    return None


def _commented(script: str, rule: ScapRule) -> str | None:
    """Write the right line behind a comment sign."""
    text, count = _LINE.subn("# ", script)
    if count:
        return text
    text, count = _COMMAND.subn(r"# \1 ", script)
    return text if count else None


def _typo(script: str, rule: ScapRule) -> str | None:
    """Swap two letters of the key where it is written."""
    start = _payload(script)
    if start is None:
        return None
    words = [w for w in re.finditer(r"[A-Za-z_]{4,}", script[start:]) if w.group() != "always"]
    if not words:
        return None
    word, first = words[0].group(), start + words[0].start()
    apart = [n for n in range(1, len(word) - 1) if word[n] != word[n + 1]]
    if not apart:
        return None
    swap = first + apart[len(apart) // 2]
    return script[:swap] + script[swap + 1] + script[swap] + script[swap + 2 :]


def _payload(script: str) -> int | None:
    """Return where the first line of configuration, or argument of a command, starts."""
    match = _LINE.search(script)
    if match:
        return match.start()
    command = list(re.finditer(r"(?m)^(?:chmod|chown|chgrp|grubby|sed|ln|find|cat) ", script))
    return command[-1].end() if command else None


def _half(script: str, rule: ScapRule) -> str | None:
    """Do the first half and stop."""
    for whole, half in _HALVES:
        if whole in script:
            return script.replace(whole, half)
    if match := re.search(r"(printf (['\"]).*?)\\n[^'\"]+\\n\2 >", script):
        return script.replace(match.group(), rf"{match[1]}\n{match[2]} >")
    if "\ndconf update" in script and script.count("\n") > 1:
        return re.sub(r"\necho [^\n]*", "", script)
    lines = script.splitlines()
    if len(lines) == 2:
        return lines[0]
    return None


def _deleted_only(script: str, rule: ScapRule) -> str | None:
    """Delete the old line and forget the new one."""
    if match := re.search(r"-e (['\"])(1i |/[^'\"]*/[ia] ).*?\1 ", script):
        return script.replace(match.group(), "", 1)
    return None


def _old_line_kept(script: str, rule: ScapRule) -> str | None:
    """Append the right line and leave the wrong one above it."""
    lines = script.splitlines()
    if len(lines) == 2 and lines[0].startswith("sed -i.bak '/^") and lines[1].startswith("echo"):
        return lines[1]
    return None


def _no_audit_key(script: str, rule: ScapRule) -> str | None:
    """Forget the key that audit records are searched by."""
    text = re.sub(r"(-a always.*?) -k [\w-]+(?=['\"])", r"\1", script)
    return text if text != script else None


def _no_value(script: str, rule: ScapRule) -> str | None:
    """Write the key and forget its value."""
    start = _payload(script)
    if start is None or not _LINE.search(script):
        return None
    line = re.match(r"[^'\"\n\\]+", script[start:])
    shorter = re.sub(r"[\s=:]+\S+$", "", line.group()) if line else ""
    if not line or not shorter or shorter == line.group():
        return None
    return script[:start] + shorter + script[start + line.end() :]


Habit = tuple[Callable[[str, ScapRule], str | None], str]

_HABITS: dict[str, Habit] = {
    "wrong_value": (_wrong_value, "the key is right but the value is not what the rule asks for"),
    "wrong_file": (_wrong_file, "the change went to a file that is not the one that is read"),
    "commented_line": (_commented, "the line was written as a comment and has no effect"),
    "half_fix": (_half, "only a part of what the rule asks for was done"),
    "typo": (_typo, "a misspelled name is ignored without an error"),
    "deleted_only": (_deleted_only, "the old line was removed and the new one never written"),
    "missing_audit_key": (_no_audit_key, "the audit rule lacks the key it is found by"),
    "missing_value": (_no_value, "the key was written without a value"),
}
_OFTEN_HARMLESS: dict[str, Habit] = {
    "old_line_kept": (_old_line_kept, "an earlier line for the same key was kept"),
}
