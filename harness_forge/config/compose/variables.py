"""What a recipe may take from outside: other keys, and a few variables by name.

A config is printed and written beside every artifact, where many people can read it. If
a recipe from elsewhere could read any variable, the keys of this machine would end up in
all of those files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.config.compose import project
from harness_forge.core.errors import ConfigError

ALLOWED = ("HOME", "USER", "TMPDIR")
"""Variables that any key may read."""

_OWN = {"store.url": "FORGE_STORE_URL"}
"""Those that one key may read; no other key may repeat it, for it may hold a password."""

_RESOLVER = re.compile(r"\$\{\s*([\w.]+)\s*:\s*([^,}]*)")
_STORE = re.compile(r"\$\{[^}]*\bstore\b(?!\.(?!url))")


def check_variables(config: Any, recipe: Path, places: Mapping[str, Path | None]) -> None:
    """Let a config pass that reads nothing from outside but what it may.

    Args:
        config: as Hydra composed it, nothing resolved.
        places: file of each group that was chosen.

    Raises:
        ConfigError: a key reads another variable, or calls another resolver.
    """
    from omegaconf import OmegaConf

    for key, text in _texts(OmegaConf.to_container(config, resolve=False)):
        if what := unfit(key, text):
            file = places.get(key.partition(".")[0])
            if file is None or text not in file.read_text(encoding="utf-8"):
                file = recipe
            where = f"{project.shown(file)}: {key}"
            hint = f"give the value on the command line; read may be {', '.join(ALLOWED)}"
            raise ConfigError(where, what, hint)


def unfit(key: str, text: str) -> str:
    """Return what a value reads that it may not; '' for nothing."""
    for resolver, words in _RESOLVER.findall(text):
        name = words.strip("'\" ")
        if resolver != "oc.env":
            return f"may not call {resolver}"
        if name not in (*ALLOWED, _OWN.get(key)):
            return f"may not read {name} from the environment"
    if key not in _OWN and _STORE.search(text):
        return "may not repeat store.url"
    return ""


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{key}[{number}]")
    elif isinstance(value, str) and "${" in value:
        yield key, value
