"""Modes and owners of files, files that must not be there, links."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import sample
from harness_forge.rollouts.environments.scap.gold.plan import options
from harness_forge.rollouts.environments.scap.gold.shell import Script
from harness_forge.rollouts.environments.scap.oval_records import (
    Entity,
    Fields,
    OvalObject,
    ResolvedTest,
)

_BITS = {
    "uread": 0o400, "uwrite": 0o200, "uexec": 0o100,
    "gread": 0o040, "gwrite": 0o020, "gexec": 0o010,
    "oread": 0o004, "owrite": 0o002, "oexec": 0o001,
}  # fmt: skip
_UNDO = "/root/undo.sh"


def mode(rule: ScapRule) -> Script | None:
    """Give files the widest mode that the strictest way to satisfy the check allows."""
    choices: list[tuple[int, str]] = []
    for checks in _file_options(rule):
        forbidden = {_forbidden(check) for check in checks}
        files = _files(checks)
        if files and len(forbidden) == 1:
            choices.append((forbidden.pop(), files))
    bits, files = max(choices, default=(0, ""))
    return _recorded("chmod", f"{0o777 & ~bits:04o}", "%a", files) if bits else None


def owner(rule: ScapRule) -> Script | None:
    """Give files the owner that the check names."""
    return _owned(rule, "user_id", "chown", "%u")


def group(rule: ScapRule) -> Script | None:
    """Give files the group that the check names."""
    return _owned(rule, "group_id", "chgrp", "%g")


def _owned(rule: ScapRule, field: str, command: str, format_: str) -> Script | None:
    for checks in _file_options(rule):
        ids = {_demanded(check, field) for check in checks}
        files = _files(checks)
        if files and len(ids) == 1 and (number := ids.pop()):
            return _recorded(command, "root" if number == "0" else number, format_, files)
    return None


def _recorded(command: str, value: str, format_: str, files: str) -> Script:
    """Change an attribute, with a revert script that restores the old values."""
    return Script(
        f"stat -c '{command} {format_} %n' {files} > {_UNDO}\n{command} {value} {files}",
        f"sh {_UNDO}",
        f"Run {command} {value} on {files}.",
    )


def _file_options(rule: ScapRule) -> Iterable[list[ResolvedTest]]:
    for option in options(rule.checks, lambda check: check.kind == "file"):
        checks = [check for check in option if check.kind == "file"]
        if checks and not any(check.target.get("path").value == "/" for check in checks):
            yield checks


def _forbidden(check: ResolvedTest) -> int:
    """Return the mode bits that no file may have; 0 if the check is about something else."""
    bits = 0
    for action, fields in check.target.filters:
        if check.existence == "none_exist" and action == "exclude":
            bits = bits or _bits(fields, "false")
    if not bits and check.negated:
        bits = _bits(check.states[0], "true") if check.states else 0
    elif not bits and check.existence != "none_exist" and check.states:
        bits = _bits(check.states[0], "false")
    return bits


def _bits(fields: Fields, value: str) -> int:
    return sum(bit for name, bit in _BITS.items() if name in fields and fields[name].value == value)


def _demanded(check: ResolvedTest, field: str) -> str:
    """Return the id that every file must have; '' if the check is about something else."""
    wanted = {("exclude", "equals"), ("include", "not equal")}
    for action, fields in check.target.filters:
        entity = fields.get(field)
        if entity and len(fields) == 1 and (action, entity.operation) in wanted:
            return entity.value if check.existence == "none_exist" else ""
    return ""


def _files(checks: Iterable[ResolvedTest]) -> str:
    """Return the files of several checks as shell words, braces where they share a folder."""
    paths = list(dict.fromkeys(p for c in checks for t in c.targets for p in _paths(t, c.sources)))
    folders = {path.rpartition("/")[0] for path in paths}
    if len(paths) > 2 and len(folders) == 1:
        names = ",".join(path.rpartition("/")[2] for path in paths)
        return f"{folders.pop()}/{{{names}}}"
    return " ".join(paths)


def _paths(target: OvalObject, sources: tuple[OvalObject, ...]) -> list[str]:
    filepath, folder, name = target.get("filepath"), target.get("path"), target.get("filename")
    if any("username" in source.fields for source in sources):
        return ["/home/*"]
    if filepath.values and filepath.operation == "equals":
        return list(filepath.values)
    if not folder.values or folder.operation != "equals" or filepath.variable:
        return []
    glob = _glob(name.value) if name.operation == "pattern match" else name.value
    if glob is None:
        return []
    return [f"{path.rstrip('/')}/{glob}".rstrip("/") for path in folder.values]


def _glob(pattern: str) -> str | None:
    glob = pattern.strip("^$").replace(".*", "*").replace(r"\.", ".")
    return glob if re.fullmatch(r"[\w.*-]+", glob) else None


def world_writable(rule: ScapRule) -> Script | None:
    """Set the sticky bit on, or take over, directories that everyone may write to."""
    for check in rule.checks:
        filters = [fields for action, fields in check.target.filters if action == "include"]
        if check.kind != "file" or check.target.get("path").value != "/" or not filters:
            continue
        names = set(filters[0])
        if names == {"sticky", "owrite"}:
            return _everywhere("-perm -0002 ! -perm -1000", "chmod", "+t", "%a")
        if names == {"user_id", "owrite"}:
            return _everywhere("-perm -0002 -uid +0", "chown", "root", "%u")
    return None


def _everywhere(condition: str, command: str, value: str, format_: str) -> Script:
    return Script(
        f"find / -xdev -type d {condition} -exec stat -c '{command} {format_} %n' {{}} + "
        f"-exec {command} {value} {{}} + > {_UNDO}",
        f"sh {_UNDO}",
        f"Run {command} {value} on directories that everyone may write to.",
    )


def unwanted_file(rule: ScapRule) -> Script | None:
    """Move files of one name out of the way, wherever they are."""
    checks = [check for check in rule.checks if check.kind == "file"]
    if len(checks) != 1 or checks[0].existence != "none_exist" or checks[0].target.filters:
        return None
    name = checks[0].target.get("filename").value
    if not name or checks[0].target.get("path").value != "/":
        return None
    return Script(
        f"find / -xdev -type f -name {name} -exec mv {{}} {{}}.off \\;",
        f"find / -xdev -name {name}.off -exec sh -c 'mv $0 ${{0%.off}}' {{}} \\;",
        f"Rename every {name} to {name}.off.",
    )


def link(rule: ScapRule) -> Script | None:
    """Make a symbolic link, such as the one that masks a unit."""
    checks = [check for check in rule.checks if check.kind == "symlink" and check.states]
    if len(checks) != 1 or checks[0].negated or checks[0].existence == "none_exist":
        return None
    source, goal = checks[0].target.get("filepath"), checks[0].expected("canonical_path")
    if source.operation != "equals" or not source.value or not goal.value:
        return None
    there = _goal(goal)
    return Script(
        f"ln -sfb {there} {source.value}",  # b: an existing file is kept as name~
        f"rm {source.value}; mv {source.value}~ {source.value}",
        f"Link {source.value} to {there}.",
    )


def _goal(goal: Entity) -> str:
    if goal.operation != "pattern match":
        return goal.value
    prefix = "/usr" if "(/usr)?" in goal.value else ""
    return prefix + sample(goal.value)
