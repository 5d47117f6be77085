"""Installs packages by uv where pip's settings allow it: several times faster than pip.

uv reads none of pip's settings. Those that say where packages come from are handed on;
where there are others, pip installs as it would without uv. Run as a script, this file sets up
forge's own environment: python harness_forge/worksets/uv.py PYTHON CACHE WORDS…

It imports nothing but Python's own library: it runs before forge is installed.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CACHE = "UV_CACHE_DIR"
"""Variable with uv's folder of unpacked packages; what it installs are links to them."""

# Settings of pip that say nothing about what is installed.
_HARMLESS = {
    "cache-dir", "default-timeout", "disable-pip-version-check", "no-cache-dir", "no-color",
    "no-input", "no-python-version-warning", "progress-bar", "quiet", "retries",
    "root-user-action", "timeout", "verbose", "break-system-packages",
    # For what is on the index too, these say where else it lies.
    "find-links",
}  # fmt: skip
_KNOWN = {
    "cert": "--cert",
    "extra-index-url": "--extra-index-url",
    "index-url": "--default-index",
    "trusted-host": "--allow-insecure-host",
}
"""Settings of pip to options of uv."""
_SCOPES = ("global", "install", ":env:")
"""Of pip's settings for an install; a later one is stronger."""


def find_uv() -> Path | None:
    """Return the uv of this interpreter's environment, else that of the path; None without."""
    found = Path(sys.executable).with_name("uv")
    if found.is_file():
        return found
    there = shutil.which("uv")
    return Path(there) if there else None


def options(settings: str) -> list[str] | None:
    """Return pip's settings as options of uv; None where uv would not do what pip does.

    Args:
        settings: what `pip config list` prints: one `scope.key='value'` a line.
    """
    found: dict[str, tuple[int, str]] = {}
    for line in settings.splitlines():
        name, _, literal = line.partition("=")
        scope, _, key = name.rpartition(".")
        if scope not in _SCOPES or key in _HARMLESS:
            continue  # another scope is of another command, such as `list`
        try:
            value = str(ast.literal_eval(literal))
        except (SyntaxError, ValueError):
            return None
        if key not in _KNOWN:
            return None
        found[key] = max(found.get(key, (-1, "")), (_SCOPES.index(scope), value))
    # Two indexes may both have a package; pip takes the best version of all.
    words = ["--no-config", "--system-certs", "--index-strategy", "unsafe-best-match"]
    for key, (_, value) in found.items():
        # An index that is a folder adds to the index; a lock's files are all there.
        kept = [one for one in value.split() if not one.startswith("file:")]
        words += [word for one in kept for word in (_KNOWN[key], one)]
    return words


def command(python: Path, words: Sequence[str | Path]) -> list[str | Path] | None:
    """Return the command that installs by uv into an interpreter's environment; None by pip.

    Args:
        words: of `pip install`, that uv knows too.
    """
    uv = find_uv()
    if uv is None:
        return None
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    told = options(asked.stdout) if asked.returncode == 0 else None
    return None if told is None else [uv, "pip", "install", "--python", python, *told, *words]


def variables(cache: Path, before: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables with uv's folder: the user's own, else `cache`."""
    return {CACHE: str(cache), "UV_NO_PROGRESS": "1", **before}


def main(argv: Sequence[str]) -> int:
    """Install by uv, else by pip; return the exit code of the one that was taken."""
    python, cache, *words = argv
    env = variables(Path(cache), os.environ)
    told = command(Path(python), words)
    if told and subprocess.run(told, env=env, check=False).returncode == 0:
        return 0
    return subprocess.run([python, "-m", "pip", "install", *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
