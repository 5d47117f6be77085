"""The few shell idioms that every fix is made of.

One idiom for each kind of change, always the same: a small model has to learn
to write them, and people have to read them. Each has its undo.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SPECIAL = re.compile(r"([\[\]*$^\\])")


@dataclass(frozen=True, slots=True)
class Script:
    """A change, its undo, and one short sentence that says what it does."""

    fix: str
    revert: str
    does: str


def quoted(text: str) -> str:
    """Return `text` as one shell word."""
    if "'" not in text:
        return f"'{text}'"
    if not re.search(r'["$`\\]', text):
        return f'"{text}"'
    return "'" + text.replace("'", "'\\''") + "'"


def address(key: str, flags: str = "") -> str:
    """Return the sed address of the lines that start with `key` as a word."""
    boundary = r"\b" if re.search(r"\w$", key) else ""
    escaped = _SPECIAL.sub(r"\\\1", key)
    if "/" in key:
        return rf"\|^{escaped}{boundary}|{flags}"
    return f"/^{escaped}{boundary}/{flags}"


def restore(path: str) -> str:
    """Return the command that restores the copy left by `sed -i.bak`."""
    return f"mv {path}.bak {path}"


def set_line(path: str, key: str, line: str) -> Script:
    """Replace every line that starts with `key` by one line at the end."""
    return Script(
        f"sed -i.bak '{address(key)}d' {path}\necho {quoted(line)} >> {path}",
        restore(path),
        f"Set {line.rstrip(';')}.",
    )


def set_in_section(path: str, section: str, key: str, line: str) -> Script:
    """Replace a key of an INI file by a line right below its section's header."""
    header = _SPECIAL.sub(r"\\\1", f"[{section}]").replace("/", r"\/")
    return Script(
        f"sed -i.bak -e '{address(key)}d' -e '/^{header}/a {line}' {path}",
        restore(path),
        f"Set {line} under [{section}].",
    )


def write_file(path: str, lines: Sequence[str]) -> Script:
    """Write a file of our own, such as a drop-in."""
    name = f"Write {path}."
    if len(lines) == 1:
        return Script(f"echo {quoted(lines[0])} > {path}", f"rm {path}", name)
    if len(lines) == 2 and not any(re.search(r"['%\\]", line) for line in lines):
        return Script(f"printf '{lines[0]}\\n{lines[1]}\\n' > {path}", f"rm {path}", name)
    text = "\n".join(lines)
    return Script(f"cat > {path} <<'EOF'\n{text}\nEOF", f"rm {path}", name)


def edit(path: str, commands: Sequence[str], does: str, flags: str = "") -> Script:
    """Edit a file in place with sed, keeping a copy."""
    if len(commands) == 1:
        script = quoted(commands[0])
    else:
        script = " ".join(f"-e {quoted(command)}" for command in commands)
    return Script(f"sed -i.bak{flags} {script} {path}", restore(path), does)


def disable_lines(paths: Sequence[str], regex: str, does: str) -> Script:
    """Comment lines out with a marker of ours, so that the undo restores only those.

    Without backup copies: the programs read every file of these folders, copies too.
    """
    files = " ".join(paths)
    return Script(f"sed -i '/{regex}/ s/^/#off /' {files}", f"sed -i 's/^#off //' {files}", does)


def join(*scripts: Script, does: str = "") -> Script:
    """Run several changes one after the other; undo them in the same order."""
    return Script(
        "\n".join(script.fix for script in scripts),
        "\n".join(dict.fromkeys(script.revert for script in scripts)),
        does or scripts[0].does,
    )
