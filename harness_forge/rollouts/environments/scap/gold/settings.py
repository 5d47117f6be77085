"""Settings in configuration files: key and value, sections, drop-ins, whole files."""

from __future__ import annotations

import re

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import found
from harness_forge.rollouts.environments.scap.gold.plan import RequiredText, wants
from harness_forge.rollouts.environments.scap.gold.shell import (
    Script,
    edit,
    join,
    set_in_section,
    set_line,
    write_file,
)


def setting(rule: ScapRule) -> Script | None:
    """Set keys in files of the system, one line each."""
    for option in wants(rule):
        own = _without_stacks(option)
        if all(want.path.startswith("/etc/") and "\n" not in want.text for want in own):
            return join(*[set_line(want.path, want.key, want.text) for want in own])
    return None


def _without_stacks(option: list[RequiredText]) -> list[RequiredText]:
    """Drop PAM stacks if a module's own configuration file is named too."""
    own = [want for want in option if not want.path.startswith("/etc/pam.d/")]
    return own or option


def section(rule: ScapRule) -> Script | None:
    """Set a key below its section's header, which the check or the content names."""
    for option in wants(rule):
        if len(option) != 1 or not option[0].path:
            continue
        *headers, line = option[0].text.splitlines()
        key = line.partition("=")[0].strip()
        named = re.search(rf"\\\[(\w+)\\?\]/a\W*{re.escape(key)}", rule.fix)
        if len(headers) == 1 and re.fullmatch(r"\[[^\]]+\]", headers[0]):
            return set_in_section(option[0].path, headers[0][1:-1], key, line)
        if not headers and named:
            return set_in_section(option[0].path, named.group(1), key, line)
    return None


def in_block(rule: ScapRule) -> Script | None:
    """Set a key inside the braces of a block, to the value that the content names."""
    for option in wants(rule):
        want = option[0]
        named = re.search(rf"{re.escape(want.key)} = [\w,]+;", rule.fix)
        if len(option) == 1 and want.path and want.value and named:
            line = named.group()
            if found(want.check.pattern, line) is not None:
                return edit(want.path, [f"s/{want.key} = .*;/{line}/"], f"Set {line.rstrip(';')}.")
    return None


def drop_in(rule: ScapRule) -> Script | None:
    """Write a file of our own into a configuration folder."""
    for option in wants(rule):
        folders = {want.folder for want in option}
        if len(folders) == 1 and (folder := folders.pop()).startswith("/etc/"):
            lines = [line for want in option for line in want.text.splitlines()]
            path = f"{folder}/{_name(option[0], rule)}{option[0].suffix or '.conf'}"
            script = write_file(path, lines)
            return Script(script.fix, script.revert, f"Set {lines[-1]}.")
    return None


def _name(want: RequiredText, rule: ScapRule) -> str:
    word = re.sub(r"\W", "", want.key.split()[-1] if want.value else want.key.split()[0]).lower()
    return word or rule.id.rpartition("_")[2]


def owned_drop_in(rule: ScapRule) -> Script | None:
    """Write a named file that is in a drop-in folder and contains nothing else."""
    for option in wants(rule):
        want = option[0]
        if len(option) == 1 and re.search(r"\.d/[\w.-]+\.\w+$", want.path):
            script = write_file(want.path, want.text.splitlines())
            return Script(script.fix, script.revert, f"Set {want.text}.")
    return None


def whole_file(rule: ScapRule) -> Script | None:
    """Write a file with exactly the text in the check."""
    checks = [c for c in rule.checks if c.kind == "textfilecontent54" and c.expected("text").value]
    if len(checks) != 1 or not checks[0].paths[0].startswith("/etc/"):
        return None
    lines = checks[0].expected("text").value.removesuffix("\n").split("\n")
    return write_file(checks[0].paths[0], lines)


def umask(rule: ScapRule) -> Script | None:
    """Set the default umask; in shell start files keep the code around it intact."""
    for check in rule.checks:
        mask = check.expected("value")
        if check.kind != "variable" or mask.operation != "bitwise and" or not check.sources:
            continue
        path = check.sources[0].get("filepath").value
        line = f"umask {int(mask.value):03o}"
        if "login.defs" in path:
            return set_line(path, "UMASK", line.upper())
        return Script(
            f"sed -i.bak 's/umask .*/{line}/' {path}\n"
            f"grep -q '{line}' {path} || echo {line} >> {path}",
            f"mv {path}.bak {path}",
            f"Set {line} in {path}.",
        )
    return None
