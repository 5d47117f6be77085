"""Audit rules: watches, system calls, privileged commands."""

from __future__ import annotations

import re

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import found
from harness_forge.rollouts.environments.scap.gold.plan import RequiredText, wants
from harness_forge.rollouts.environments.scap.gold.shell import Script

_FOLDER = "/etc/audit/rules.d"
_KEY_PLACE = re.compile(r"(-k |-F key=)\S+$")
_KEY_IN_FIX = (r'\bKEY="(\w+)"', r"-k ([\w-]+)", r"rules\.d/([\w-]+)\.rules")
_LOOPS = (("a", ("b32", "b64")), ("e", ("EACCES", "EPERM")))


def audit_rule(rule: ScapRule) -> Script | None:
    """Write one rules file of our own for each rule, so that the fix can be undone."""
    for option in wants(rule):
        if option and all(want.folder == _FOLDER for want in option):
            lines = [_line(want, _key(rule)) for want in option]
            path = f"{_FOLDER}/{_stem(lines[0], rule, _key(rule))}.rules"
            return Script(f"{_commands(lines)} > {path}", f"rm {path}", _does(lines))
    return None


def _key(rule: ScapRule) -> str:
    """Return the key that the content's own audit rules have."""
    for pattern in _KEY_IN_FIX:
        if match := re.search(pattern, rule.fix):
            return match.group(1)
    return "audit"


def _line(want: RequiredText, key: str) -> str:
    line = want.text.replace("auid!=4294967295", "auid!=unset")
    if line.startswith("-w") and " -k " not in line:
        line += f" -k {key}"
    line = _KEY_PLACE.sub(rf"\g<1>{key}", line)
    return line if found(want.check.pattern, line) is not None else want.text


def _stem(line: str, rule: ScapRule, key: str) -> str:
    for pattern in (r"-S (\w+)", r"path=\S*/(\S+)", r"-w \S*?([^/ ]+)/? "):
        if match := re.search(pattern, line):
            return f"{key}-{match.group(1)}"
    return f"99-{rule.id.rpartition('_')[2]}"


def _commands(lines: list[str]) -> str:
    """Return the commands that print the lines; loops where only a word differs."""
    names: list[str] = []
    for name, words in _LOOPS:
        folded = list(dict.fromkeys(_with_variable(line, name, words) for line in lines))
        if len(folded) * len(words) == len(lines):
            lines, names = folded, [*names, name]
    if not names:
        quoted = [f"echo '{line}'" for line in lines]
        return quoted[0] if len(quoted) == 1 else "{ " + "; ".join(quoted) + "; }"
    body = "\n".join(f'echo "{line}"' for line in lines)
    for name in reversed(names):
        words = " ".join(dict(_LOOPS)[name])
        body = f"for {name} in {words}; do\n{body}\ndone"
    return body


def _with_variable(line: str, name: str, words: tuple[str, ...]) -> str:
    return re.sub(rf"\b({'|'.join(words)})\b", f"${name}", line, count=1)


def _does(lines: list[str]) -> str:
    line = lines[0]
    if match := re.search(r"path=(\S+)", line):
        return f"Audit every run of {match.group(1)}."
    if match := re.search(r"-w (\S+)", line):
        return f"Audit changes of {match.group(1)}."
    if match := re.search(r"-S (\S+)", line):
        return f"Audit calls of {match.group(1)}."
    return f"Set {line} for the audit system."
