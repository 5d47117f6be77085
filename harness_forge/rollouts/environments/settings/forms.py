"""The forms of `skill=settings`: each makes a question of an invented setting, with its answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from harness_forge.rollouts.environments.settings import names

_SEPARATORS = ("=", " = ", " ", "=", " = ")
_SUFFIXES = (".conf", ".rules", ".cfg", ".conf")

Made = dict[str, Any]


class _Setting:
    """An option of an invented service, and the file that it stands in."""

    def __init__(self, rng: random.Random) -> None:
        self.service = names.word(rng)
        self.style = rng.choice(names.STYLES)
        self.separator = rng.choice(_SEPARATORS)
        # The first is asked for; no other begins with its name.
        self.key, *self.more = names.options(rng, self.style, 6)
        self.value, self.other = names.values(rng)
        end = rng.choice((f"{self.service}.conf", f"{names.word(rng)}.conf", "main.cf", "defs"))
        self.file = rng.choice((f"/etc/{self.service}/{end}", f"/etc/{self.service}.conf"))
        self.line = self.with_value(self.value)
        self.fillers = [key + self.separator + names.values(rng)[0] for key in self.more[:3]]
        # Such a line may be wrong, commented out, or not there.
        self.old = rng.choice((self.with_value(self.other), f"#{self.line}", ""))

    def with_value(self, value: str) -> str:
        """Return the option's line."""
        return f"{self.key}{self.separator}{value}"

    def before(self) -> str:
        """Return the file as it is found."""
        middle = [self.old] if self.old else []
        return "\n".join([*self.fillers[:2], *middle, *self.fillers[2:]]) + "\n"


def _line(rng: random.Random) -> Made:
    """A line that is quoted, in a file that is there."""
    one = _Setting(rng)
    said = rng.choice(
        (
            f"To set {one.key} for {one.service}, add or correct this line in {one.file}:",
            f"{one.service} reads {one.file}. Its option {one.key} has to be set. Write there:",
            f"Open {one.file} and see to it that it contains the following line:",
            f"The {one.service} service is safe only if the following is in {one.file}:",
        )
    )
    check = _grep(rng, one)
    return _of_line(rng, one, f"{said}\n{one.line}", check)


def _said(rng: random.Random) -> Made:
    """A value that the text only speaks of; the check quotes the line."""
    one = _Setting(rng)
    said = rng.choice(
        (
            f"The option {one.key} of {one.service} must be {one.value}. {one.file} sets it.",
            f"{one.service} is safe when {one.key} is {one.value}.",
            f"With {one.key} at {one.other}, {one.service} can be abused: {one.value} is safe.",
        )
    )
    shown = f"{one.file}:{one.line}" if rng.random() < 0.3 else one.line
    check = (
        f"See that {one.service} is set up with this command:\n"
        f"$ {rng.choice(('grep', 'sudo grep', 'grep -i'))} {one.key} {one.file}\n{shown}\n"
        f"Is it the case that {one.key} is not {one.value}, or is missing?"
    )
    return _of_line(rng, one, said, check)


def _of_line(rng: random.Random, one: _Setting, said: str, check: str) -> Made:
    cut = f"sed -i.bak '/^{one.key}\\b/d' {one.file}"
    return _item(
        rng,
        one.service,
        said,
        check,
        before={one.file: one.before()},
        wanted=[{"file": one.file, "line": one.line, "key": one.key}],
        answer={
            "fix_script": f"{cut}\necho '{one.line}' >> {one.file}",
            "revert_script": f"mv {one.file}.bak {one.file}",
            "description": f"Set {one.line}.",
        },
        wrong=one.with_value(one.other),
    )


def _dropin(rng: random.Random) -> Made:
    """A line for a file of its own, in a folder that is there."""
    one = _Setting(rng)
    suffix = rng.choice(_SUFFIXES)
    folder = f"/etc/{one.service}/{rng.choice((one.service, names.word(rng), 'conf'))}.d"
    line = rng.choice(
        (
            one.line,
            f"-w /etc/{names.word(rng)} -p wa -k {names.word(rng)}",
            f"-a always,exit -F path=/usr/bin/{names.word(rng)} -F perm=x -k {names.word(rng)}",
            f"* {rng.choice(('hard', 'soft'))} {names.word(rng)} {rng.randint(0, 99)}",
        )
    )
    said = rng.choice(
        (
            f"{one.service} reads files with the suffix {suffix} in {folder}. Add there:",
            f"Add a line of this form to a file that ends with {suffix} in the folder {folder}:",
            f"To make it last, put the following line into a {suffix} file below {folder}:",
        )
    )
    check = (
        f"Look at what {one.service} reads:\n$ cat {folder}/*{suffix}\n{line}\nIs the line missing?"
    )
    file = f"{folder}/{names.word(rng)}{suffix}"
    name = f"{folder}/99-{one.service}{suffix}"
    answer = {
        "fix_script": f"echo '{line}' > {name}",
        "revert_script": f"rm {name}",
        "description": f"Write {line} in {name}.",
    }
    return _item(
        rng,
        one.service,
        f"{said}\n{line}",
        check,
        before={file: "\n".join(one.fillers) + "\n"},
        wanted=[{"folder": folder, "suffix": suffix, "line": line}],
        answer=answer,
        wrong=line[:-1],
    )


def _mode(rng: random.Random) -> Made:
    """A file's mode."""
    service, name = names.word(rng), names.word(rng)
    file = rng.choice(
        (f"/etc/{service}/{name}", f"/var/{service}/{name}.db", f"/opt/{service}/{name}")
    )
    wanted, other = rng.sample(("0600", "0640", "0644", "0750", "0700", "0400", "0755"), 2)
    said = rng.choice(
        (
            f"Only those who need {file} may read it. Set its mode with this command:\n"
            f"$ {rng.choice(('', 'sudo '))}chmod {wanted} {file}",
            f"The mode of {file} has to be {wanted}, or {service} gives its secrets away.",
            f"{service} keeps secrets in {file}: run\n$ chmod {wanted} {file}",
        )
    )
    shown = f"$ stat -c %a {file}\n{wanted.lstrip('0')}"
    check = f"Look at the file:\n{shown}\nIs it the case that it is not {wanted}?"
    answer = {
        "fix_script": f"stat -c 'chmod %a %n' {file} > /root/undo.sh\nchmod {wanted} {file}",
        "revert_script": "sh /root/undo.sh",
        "description": f"Run chmod {wanted} on {file}.",
    }
    return _item(
        rng,
        service,
        said,
        check,
        before={file: f"{other} {names.word(rng)}\n"},
        wanted=[{"file": file, "mode": wanted, "from": other}],
        answer=answer,
        wrong=other,
    )


def _section(rng: random.Random) -> Made:
    """A key below a section's head."""
    one = _Setting(rng)
    head, second = names.word(rng).capitalize(), names.word(rng)
    line = f"{one.key}={one.value}"
    said = rng.choice(
        (
            f"Set {one.key} in the section [{head}] of {one.file}:\n[{head}]\n{line}",
            f"Add or correct this line below [{head}] in {one.file}:\n{line}",
            f"In {one.file}, the section [{head}] has to hold:\n{line}",
        )
    )
    check = (
        f"$ grep {one.key} {one.file}\n{line}\nIs it the case that the line is not below [{head}]?"
    )
    old = [f"{one.key}={one.other}"] if one.old else []
    before = [f"[{second}]", *one.fillers[:2], f"[{head}]", *old, *one.fillers[2:]]
    answer = {
        "fix_script": f"sed -i.bak -e '/^{one.key}\\b/d' -e '/^\\[{head}\\]/a {line}' {one.file}",
        "revert_script": f"mv {one.file}.bak {one.file}",
        "description": f"Set {line} under [{head}].",
    }
    return _item(
        rng,
        one.service,
        said,
        check,
        before={one.file: "\n".join(before) + "\n"},
        wanted=[{"file": one.file, "line": line, "key": one.key, "section": head}],
        answer=answer,
        wrong=f"{one.key}={one.other}",
    )


def _several(rng: random.Random) -> Made:
    """Two or three lines of one file."""
    one = _Setting(rng)
    more = one.more[3 : 3 + rng.choice((1, 2))]
    pairs = [(one.key, one.value), *((key, names.values(rng)[0]) for key in more)]
    lines = [f"{key}{one.separator}{value}" for key, value in pairs]
    said = rng.choice(
        (
            f"Add or correct the following lines in {one.file}:",
            f"{one.service} is set by {len(lines)} lines of {one.file}, which have to be:",
        )
    )
    check = f"$ cat {one.file}\nIs one of the lines missing, or another value in force?"
    cut = " ".join(f"-e '/^{key}\\b/d'" for key, _ in pairs)
    written = "\n".join(f"echo '{line}' >> {one.file}" for line in lines)
    answer = {
        "fix_script": f"sed -i.bak {cut} {one.file}\n{written}",
        "revert_script": f"mv {one.file}.bak {one.file}",
        "description": f"Set {', '.join(lines)}.",
    }
    wanted = [
        {"file": one.file, "line": line, "key": key}
        for line, (key, _) in zip(lines, pairs, strict=True)
    ]
    return _item(
        rng,
        one.service,
        "\n".join([said, *lines]),
        check,
        before={one.file: one.before()},
        wanted=wanted,
        answer=answer,
        wrong=one.with_value(one.other),
    )


_COMMANDS = (
    ("set {key} {value}", "unset {key}"),
    ("--set {key}={value}", "--unset {key}"),
    ('--update all --args "{key}={value}"', '--update all --remove-args "{key}"'),
    ("-w {key}={value}", "-d {key}"),
)
"""How the tools of the invented services set something, and how they take it back."""


def _command(rng: random.Random) -> Made:
    """A command to be run, as the text quotes it; its tool writes what it was told."""
    one = _Setting(rng)
    tool = f"{one.service}{rng.choice(('ctl', 'adm', '-config', 'tool'))}"
    put, back = (form.format(key=one.key, value=one.value) for form in rng.choice(_COMMANDS))
    prompt = rng.choice(("$ sudo ", "# ", "$ "))
    said = rng.choice(
        (
            f"{one.key} has to be {one.value} for {one.service}. Run the following command:",
            f"To set up {one.service}, use its tool:",
            f"{one.service} keeps what it was told. Tell it, as root, with:",
        )
    )
    state = f"/var/{tool}/state"
    check = f"See what was set:\n$ cat {state}\n{one.key}={one.value}\nIs this not printed?"
    answer = {
        "fix_script": f"{tool} {put}",
        "revert_script": f"{tool} {back}",
        "description": f"Run {tool} {put}.",
    }
    return _item(
        rng,
        one.service,
        f"{said}\n{prompt}{tool} {put}",
        check,
        before={state: "".join(f"{key}=kept\n" for key in one.more[:2])},
        wanted=[{"file": state, "line": f"{one.key}={one.value}", "key": one.key, "tool": tool}],
        answer=answer,
        wrong=one.other,
        right=one.value,
    )


FORMS: Mapping[str, Callable[[random.Random], Made]] = {
    "line": _line,
    "said": _said,
    "dropin": _dropin,
    "mode": _mode,
    "section": _section,
    "several": _several,
    "command": _command,
}


def _grep(rng: random.Random, one: _Setting) -> str:
    return rng.choice(
        (
            f"See that the line is there:\n$ grep {one.key} {one.file}\n{one.line}\n"
            f"Is it the case that {one.key} is missing or has another value?",
            f"Run:\n$ sudo grep -i {one.key} {one.file}\n{one.line}\nIs this not printed?",
        )
    )


def _item(
    rng: random.Random,
    service: str,
    said: str,
    check: str,
    *,
    before: Mapping[str, str],
    wanted: list[dict[str, str]],
    answer: Mapping[str, str],
    wrong: str,
    right: str = "",
) -> Made:
    """Return an item; in its broken answer `wrong` stands for `right`, or for the first line."""
    right = right or wanted[0].get("line") or wanted[0]["mode"]
    title = rng.choice(("Secure {}", "Set up {} safely", "Harden the {} service", "Configure {}"))
    return {
        "about": service,
        "title": title.format(service),
        "severity": rng.choice(("low", "medium", "medium", "high")),
        "said": said,
        "shown": check,
        "before": before,
        "wanted": wanted,
        "wrong_fix": answer["fix_script"].replace(right, wrong),
        **answer,
    }
