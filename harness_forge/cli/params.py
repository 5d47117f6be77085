"""`params.yaml`: the recipe and the overrides of the project in the current folder.

Every verb and stage reads it here. DVC users keep parameters of their own in the file too: a key
that resembles neither of forge's is left alone, a misspelt one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import closest

PARAMS = Path("params.yaml")
KEYS = ("recipe", "overrides")
"""The keys that forge reads."""
_EXAMPLES = "overrides: [role=worker, run.limit=20]"


@dataclass(frozen=True)
class Params:
    """What a project's params.yaml says.

    Args:
        lines: the line of each override.
        others: keys that are not forge's.
    """

    recipe: str
    overrides: list[str]
    lines: list[int | None]
    others: list[str]


def demanded() -> Params:
    """Return what params.yaml says.

    Raises:
        ConfigError: it is missing, no YAML or not of that form.
    """
    if _text() is None:
        raise ConfigError(str(PARAMS), "is missing", "run this in a project's folder")
    return _params()


def found() -> Params | None:
    """Return what params.yaml says, None where there is none or it is another program's.

    Raises:
        ConfigError: it is forge's, and is not of its form or no YAML.
    """
    return _params() if _is_ours(_text() or "") else None


def faults() -> list[ConfigError]:
    """Return what `found` raises, at most one fault."""
    try:
        found()
    except ConfigError as fault:
        return [fault]
    return []


def in_project(overrides: Sequence[str]) -> list[str]:
    """Return overrides behind the recipe and the overrides of the folder's params.yaml.

    They stay as they are where they name a recipe, and where no params.yaml names one.

    Raises:
        ConfigError: as `found`.
    """
    words = list(overrides)
    if any(word.startswith("recipe=") for word in words) or not (params := found()):
        return words
    return [f"recipe={params.recipe}", *params.overrides, *words]


def is_project() -> bool:
    """Return whether params.yaml names the recipe of this folder, which is not forge's source."""
    from harness_forge.config.compose.project import is_source_tree

    return found() is not None and not is_source_tree(Path.cwd())


def unread(params: Params) -> str:
    """Return a note on the keys that are not forge's, '' where there are none.

    Some have the name of a setting, and whoever wrote them may wait for an effect.
    """
    if not params.others:
        return ""
    named = ", ".join(params.others)
    return f"{PARAMS}: forge does not read {named}; its settings stand under overrides: [seed=1]"


def _text() -> str | None:
    """Return the text of params.yaml, None where there is none."""
    try:
        return PARAMS.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(str(PARAMS), "is not UTF-8 text", "save it as UTF-8") from error


def _is_ours(text: str) -> bool:
    """Return whether a file is meant for forge, misspelt or not; other programs have one too."""
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        keys = re.findall(r"^[\"']?([\w-]+)[\"']?\s*:", text, re.MULTILINE)
        return any(map(_meant, keys))
    return isinstance(data, dict) and any(
        key == "recipe" or _fits(_meant(str(key)), value) for key, value in data.items()
    )


def _fits(meant: str, value: Any) -> bool:
    """Return whether a value has the form of that of forge's key."""
    if meant == "recipe":
        return isinstance(value, str)
    return bool(meant and value) and isinstance(value, list) and all("=" in str(v) for v in value)


def _meant(key: str) -> str:
    """Return the key of forge that a key is, or is a slip of; '' for neither."""
    # `repeats`, `pipe` and `overview` are words that others use.
    return closest(key.lower(), KEYS, cutoff=0.75)


def _params() -> Params:
    from harness_forge.config.compose import yaml_lines

    data, lines = yaml_lines.read(PARAMS)
    _demand_known(data, lines)
    if not isinstance(data.get("recipe"), str):
        raise ConfigError(_place(lines, "recipe"), "must name a recipe", "recipe: target_a")
    overrides = data.get("overrides") or []
    if not (isinstance(overrides, list) and all(isinstance(text, str) for text in overrides)):
        raise ConfigError(_place(lines, "overrides"), "must be a list of key=value", _EXAMPLES)
    places = [lines.get(("overrides", str(number))) for number in range(len(overrides))]
    return Params(data["recipe"], overrides, places, [str(key) for key in data if key not in KEYS])


def _demand_known(data: dict[Any, Any], lines: dict[tuple[str, ...], int]) -> None:
    """Refuse a key that is nearly one of forge's."""
    for key in map(str, data):
        if key not in KEYS and (meant := _meant(key)):
            hint = f"did you mean '{meant}'? keys of forge: {', '.join(KEYS)}"
            raise ConfigError(_place(lines, key), "unknown key", hint)


def _place(lines: dict[tuple[str, ...], int], key: str) -> str:
    line = lines.get((key,))
    return f"{PARAMS}:{line}: {key}" if line else f"{PARAMS}: {key}"
