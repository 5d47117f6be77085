"""PAM stacks: which modules decide, in which order, and with how much weight.

A stack is read line by line until one line decides, so `pam_permit` at the top
lets everybody in, and `pam_deny` nobody. Existing modules must keep their order
and weight. New ones must be on a list of modules that only make a login
harder, and none of them may end the stack with success.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from harness_forge.rollouts.environments.scap.harms.text import added, lines

_LINE = re.compile(r"-?(auth|account|password|session) (\[[^\]]*\]|\w+) (\S+) ?(.*)")
_INCLUDE = re.compile(r"@include (\S+)")

HARDENING = frozenset(
    f"pam_{name}.so"
    for name in (
        *("faildelay", "faillock", "keyinit", "lastlog", "limits", "loginuid"),
        *("pkcs11", "pwhistory", "pwquality", "tty_audit", "umask", "wheel"),
    )
)
"""Modules that may be added: they refuse, record or limit, and let nobody in by themselves."""

_WEAK_OPTIONS = {
    "pam_unix.so": re.compile(r"nullok(_secure)?|audit"),
    "pam_wheel.so": re.compile(r"trust|deny"),
    "pam_faillock.so": re.compile(r"deny=0"),
    "pam_pwquality.so": re.compile(r"enforcing=0|retry=0|minlen=[0-5]"),
    "pam_pwhistory.so": re.compile(r"remember=0"),
}


class _Line(NamedTuple):
    kind: str
    control: str
    module: str
    options: frozenset[str]

    @property
    def place(self) -> tuple[str, str]:
        return self.kind, self.module


def stack(before: str, now: str) -> Iterable[str]:
    """Yield modules that are missing, moved, weaker, or new without being a hardening."""
    old, new = _read(before), _read(now)
    if not before:
        if new:
            yield "pam(new service)"
        return
    known = {line.place for line in old}
    kept = {line.place for line in new}
    for line in old:
        if line.place not in kept:
            yield f"pam_gone({line.module})"
    if _first(old, kept) != _first([line for line in new if line.place in known], kept):
        yield "pam_order"
    controls = {(*line.place, _weight(line.control)) for line in old}
    fresh = [line for text in added(before, now, "#") for line in _read(text)]
    for line in fresh:
        if line.place not in known or line.module in HARDENING:
            yield from _added(line)
        elif (*line.place, _weight(line.control)) not in controls:
            yield f"pam_control({line.module})"
        yield from _weaker(line, old)


def _read(text: str) -> list[_Line]:
    found = []
    for shown in lines(text, "#"):
        if match := _LINE.match(shown):
            kind, control, module, options = match.groups()
            name = module.rpartition("/")[2] if module.startswith("/") else module
            if control in ("include", "substack"):
                name, control = f"{control} {module}", "include"
            found.append(_Line(kind, control, name, frozenset(options.split())))
        elif match := _INCLUDE.match(shown):
            found.append(_Line("", "include", f"@include {match[1]}", frozenset()))
    return found


def _first(found: list[_Line], among: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the modules in the order of their first lines.

    Modules that only harden may be anywhere: a fix removes and adds them again.
    """
    kept = (one.place for one in found if one.place in among and one.module not in HARDENING)
    return list(dict.fromkeys(kept))


def _weight(control: str) -> str:
    """Return a line's weight: whether its failure refuses, and its success admits."""
    if control.startswith("["):
        said = dict(part.split("=", 1) for part in control[1:-1].split() if "=" in part)
        if said.get("success", said.get("default", "ignore")) not in (
            "ignore",
            "ok",
            "bad",
            "die",
            "reset",
        ):
            return "sufficient"
        strict = {"bad", "die"} & set(said.values())
        return "required" if strict else "optional"
    return "required" if control == "requisite" else control


def _added(line: _Line) -> Iterable[str]:
    if line.module not in HARDENING:
        yield f"pam({line.module})"
    elif _weight(line.control) not in ("required", "optional"):
        yield f"pam_control({line.module})"


def _weaker(line: _Line, old: list[_Line]) -> Iterable[str]:
    pattern = _WEAK_OPTIONS.get(line.module)
    had = {option for one in old if one.module == line.module for option in one.options}
    if pattern and any(pattern.fullmatch(option) for option in line.options - had):
        yield f"pam_option({line.module})"
