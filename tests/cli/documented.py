"""The commands that README, docs and `--help` show, as they stand there."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

from harness_forge.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_INLINE = re.compile(r"`((?:forge|make|dvc) [^`\n]+)`")
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:\$ )?((?:forge|make|dvc) .*)")
_REMARK = re.compile(r"\s{2,}\S.*$|\s+#\s.*$")
"""What follows a command in a block: words after `#`, or in a second column."""


def commands() -> dict[str, str]:
    """Return every command, and where it stands first."""
    found: dict[str, str] = {}
    for page in PAGES:
        for command in _of_page(page.read_text(encoding="utf-8")):
            found.setdefault(command, page.relative_to(ROOT).as_posix())
    for verb in VERBS:
        for command in import_module(f"harness_forge.cli.{verb}").EXAMPLES:
            found.setdefault(command, f"forge {verb} --help")
    return found


def _of_page(text: str) -> list[str]:
    found = [match[1] for match in _INLINE.finditer(text)]
    for block in _FENCED.finditer(text):
        for line in re.sub(r"\s*\\\n\s*", " ", block[1]).splitlines():
            if match := _COMMAND.match(line):
                found += re.split(r"\s*(?:&&|;)\s*", _REMARK.sub("", match[1]).strip())
    return found


def shell_words(command: str) -> list[str]:
    """Return a command's words as a shell would, without where its output goes."""
    words = shlex.split(command)
    while re.match(r"[A-Z_]+=", words[0]):  # a variable of the environment
        words = words[1:]
    return words[: words.index(">")] if ">" in words else words
