"""Scripts as bash parses them; nothing is run.

`bash -n` reports whether a script is valid bash; `bash --pretty-print` prints
what it parsed: without layout and comments, each command as bash sees it.
"""

from __future__ import annotations

import os
import subprocess

_PATIENCE_S = 10
_QUOTED_MATTERS = frozenset("$`*?[]~{}\\!")
_OPERATORS = frozenset(";&|<>()\n")
_OPENING = frozenset({"then", "do", "else", "{", "(", ";"})


def bash_reads(script: str) -> bool:
    """Return whether bash can parse the script, without running any of it."""
    done = _bash(script, "-n")
    return done is not None and done.returncode == 0


def same_commands(script: str, reference: str) -> bool:
    """Return whether bash reads two scripts as the same commands in the same order.

    Layout, comments, and quotes that change nothing make no difference.
    """
    mine = commands(script)
    return bool(mine) and mine == commands(reference)


def commands(script: str) -> list[str]:
    """Return a script's words and operators as bash parsed them; [] if it cannot."""
    if not bash_reads(script):
        return []
    done = _bash(script, "--pretty-print")
    return _words(done.stdout.decode("utf-8", "replace")) if done else []


def _bash(script: str, option: str) -> subprocess.CompletedProcess | None:
    """Return bash's output; None if it takes too long, which is the script's fault."""
    try:
        # Bash would first run the file in BASH_ENV, so the environment is empty.
        return subprocess.run(
            ["bash", "--norc", "--noprofile", option],
            input=script.encode("utf-8", "surrogatepass"),
            capture_output=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def _words(text: str) -> list[str]:
    """Return words without quotes that change nothing, operators on their own, `;` for a line end.

    A character that loses its meaning in quotes gets a backslash, so "$x" and
    '$x' differ, but "a" and 'a' do not.
    """
    found, word, quote, place = [], None, "", 0
    while place < len(text):
        sign = text[place]
        place += 1
        if quote == "'":
            if sign == "'":
                quote = ""
            else:
                word = (word or "") + _literal(sign)
        elif sign == "\\" and place < len(text):
            sign, place = text[place], place + 1
            kept = "\\\\" if quote and sign not in '$`"\\' else ""
            word = (word or "") + kept + _literal(sign)
        elif quote == '"':
            if sign == '"':
                quote = ""
            else:
                word = (word or "") + (sign if sign in "$`" else _literal(sign))
        elif sign in "'\"":
            quote, word = sign, word or ""
        elif sign in _OPERATORS or sign.isspace():
            if word is not None:
                found.append(word)
            word = None
            _operator(found, sign)
        else:
            word = (word or "") + sign
    return found if word is None else [*found, word]


def _literal(sign: str) -> str:
    return f"\\{sign}" if sign in _QUOTED_MATTERS else sign


def _operator(found: list[str], sign: str) -> None:
    if sign in ";\n":
        if found and found[-1] not in _OPENING:
            found.append(";")
    elif sign in _OPERATORS:
        found.append(sign)
