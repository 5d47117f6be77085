"""Modules and options in the PAM stacks."""

from __future__ import annotations

import re

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import choose_value, sample
from harness_forge.rollouts.environments.scap.gold.plan import RequiredText, unwanted, wants
from harness_forge.rollouts.environments.scap.gold.shell import Script, edit, join, restore

_LINE = re.compile(
    r"(auth|account|password|session) (required|requisite|sufficient|optional|\[\]) "
    r"(pam_\w+\.so)\s*(.*)"
)


def pam(rule: ScapRule) -> Script | None:
    """Add a module to a stack, or an option to a module that is in it."""
    for option in wants(rule)[:1]:
        if all(want.path.startswith("/etc/pam.d/") for want in option):
            scripts = [_script(want, rule) for want in option]
            if all(scripts):
                return join(*[script for script in scripts if script])
    return None


def _script(want: RequiredText, rule: ScapRule) -> Script | None:
    match = _LINE.fullmatch(want.text)
    if match is None:
        return None
    kind, control, module, rest = match.groups()
    does = f"Set {module} {rest}".rstrip() + "."
    if module == "pam_unix.so":
        name = rest.partition("=")[0]
        return edit(want.path, [f"/^{kind}.*{module}/{{/{name}/!s/$/ {rest}/}}"], does)
    if kind == "password" and f"{module} use_authtok" in rule.fix:
        rest = f"use_authtok {rest}"
    if control == "[]":  # the check accepts any list of actions: use the content's
        named = re.search(r"\[\w+=\w+(?: \w+=\w+)+\]", rule.fix)
        control = named.group() if named else "required"
    line = f"{kind} {control} {module} {rest}".rstrip()
    if kind == "auth":
        return edit(want.path, [_placed(line, want.path), f"/{module}/d"], does)
    return _not_first(kind, module, line, want.path, does)


def _placed(line: str, path: str) -> str:
    # root may always switch user: pam_rootok comes first in su.
    return f"/pam_rootok.so/a {line}" if path.endswith("/su") else f"1i {line}"


def _not_first(kind: str, module: str, line: str, path: str, does: str) -> Script:
    if kind == "password":
        return edit(path, [f"/{module}/d", f"/^password.*pam_unix.so/i {line}"], does)
    script = edit(path, [f"/{module}/d"], does)
    return Script(f"{script.fix}\necho '{line}' >> {path}", restore(path), does)


def lockout(rule: ScapRule) -> Script | None:
    """Put pam_faillock around pam_unix in both stacks, with one of its options.

    Without its three lines in each stack no option has an effect, in
    faillock.conf either.
    """
    patterns = " ".join(check.pattern for check in rule.checks)
    option = _lockout_option(rule)
    if option is None or "preauth" not in patterns or "authfail" not in patterns:
        return None
    stacks, module = "/etc/pam.d/{system,password}-auth", "pam_faillock.so"
    lines = (
        f"/{module}/d",
        f"/^auth.*pam_unix/i auth required {module} preauth {option}",
        f"/^auth.*pam_unix/a auth required {module} authfail {option}",
        f"/^account.*pam_unix/i account required {module}",
    )
    commands = " ".join(f"-e '{line}'" for line in lines)
    return Script(
        f"sed -i.bak {commands} {stacks}",
        f"for f in {stacks}; do mv $f.bak $f; done",
        f"Lock accounts with {module} {option}.",
    )


def _lockout_option(rule: ScapRule) -> str | None:
    """Return the option that the check of faillock.conf asks for."""
    for check in rule.checks:
        if check.existence == "all_exist" and "faillock" in check.target.get("filepath").value:
            value = choose_value(check.states, check.state_operator, "subexpression")
            return sample(check.pattern, value).strip()
    return None


def no_option(rule: ScapRule) -> Script | None:
    """Remove an option from every line of some stacks."""
    for check in unwanted(rule):
        word = re.search(r"\\b(\w+)\\b", check.pattern)
        names = re.search(r"\((\w+(?:\|\w+)+)\)", check.target.get("filepath").value)
        if word and names and check.target.get("filepath").value.startswith("^/etc/pam.d/"):
            places = check.target.get("filepath").value.strip("^$")
            places = places.replace(names.group(), "{" + names.group(1).replace("|", ",") + "}")
            return Script(
                f"sed -i.bak 's/ {word.group(1)}\\b//' {places}",
                f"for f in {places}; do mv $f.bak $f; done",
                f"Remove {word.group(1)} from {places}.",
            )
    return None
