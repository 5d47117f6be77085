"""Where each value of a composition comes from: file and line, command line or default."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.compose import files, project, yaml_lines
from harness_forge.config.compose.engine import compose, merged_files, recipe_path
from harness_forge.config.compose.overrides import COMMAND_LINE, set_keys
from harness_forge.config.compose.shapes import fields_of, flatten, unwrap
from harness_forge.config.schema import ForgeConfig

Key = tuple[str, ...]
RECIPE, GROUP, DEFAULT, NAME = "recipe", "group", "default", "name"
"""Sources besides the command line and what else gives overrides: a file of recipes/, one of
conf/, a settings class, the name of the recipe."""
_UNSET = "???"


@dataclass(frozen=True)
class ValueOrigin:
    """Where one value comes from.

    Args:
        source: `recipe`, `group`, `default`, `name`, or as an override's giver says.
        file: as shown from the current folder; the settings class of a default.
        line: from 1; None where there is none.
        written: what the file holds, where it refers to something (`${…}`); else None.
    """

    source: str
    file: str = ""
    line: int | None = None
    written: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        text = f"default of {place}" if self.source == DEFAULT else place or self.source
        return f"{text}  {self.written}" if self.written else text


@dataclass(frozen=True)
class ComposedValue:
    """One value of a composed recipe, under its dotted key."""

    key: str
    value: Any
    origin: ValueOrigin


ON_COMMAND_LINE = ValueOrigin(COMMAND_LINE)


def values(recipe: str, given: Sequence[tuple[str, ValueOrigin]]) -> list[ComposedValue]:
    """Compose a recipe, and return each value with its origin, in the order of the settings.

    Args:
        given: overrides, later ones win, and where each comes from.

    Raises:
        ConfigError: as `compose`.
    """
    overrides = [text for text, _ in given]
    config = compose(recipe, overrides)
    known = dict(_in_files(recipe_path(recipe), overrides))
    for text, origin in given:
        for key in set_keys(text):
            # What is set as a whole replaces what files say of its parts.
            path = tuple(key.split("."))
            known = {at: one for at, one in known.items() if at[: len(path)] != path}
            known[path] = origin
    known[("recipe",)] = ValueOrigin(NAME)
    return [
        ComposedValue(".".join(path), value, _origin(path, known))
        for path, value in _leaves(flatten(config), ())
    ]


def _in_files(recipe: Path, overrides: Sequence[str]) -> Iterator[tuple[Key, ValueOrigin]]:
    """Yield key and origin of everything that files set; a later one is of a later file."""
    folders = [*project.recipe_folders(), *project.group_folders()]
    seen: set[Key] = set()
    for name, package in merged_files(recipe, overrides):
        places = (folder / f"{name}.yaml" for folder in (recipe.parent, *folders))
        path = next((place for place in places if place.is_file()), None)
        if name == files.SCHEMA or path is None:
            continue
        data, lines = yaml_lines.read(path)
        data.pop("defaults", None)
        head = tuple(package.split(".")) if package else ()
        source = GROUP if "/" in name else RECIPE
        for at, value in _leaves(data, ()):
            # A value left open takes none away.
            if value != _UNSET or (*head, *at) not in seen:
                refers = isinstance(value, str) and "${" in value
                written = value if refers else None
                yield (*head, *at), ValueOrigin(source, project.shown(path), lines.get(at), written)
                seen.add((*head, *at))


def _leaves(value: Any, path: Key) -> Iterator[tuple[Key, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    else:
        yield path, value


def _origin(path: Key, known: dict[Key, ValueOrigin]) -> ValueOrigin:
    """Return the origin of a key or of the nearest key above it; else the class with its default.

    A mapping that is set by a reference has its values from there.
    """
    for end in range(len(path), 0, -1):
        if path[:end] in known:
            return known[path[:end]]
    return ValueOrigin(DEFAULT, _owner(path).__name__)


def _owner(path: Key) -> type:
    """Return the settings class that a key is a field of."""
    kind: Any = ForgeConfig
    owner: type = ForgeConfig
    for part in path:
        inner, _ = unwrap(kind)
        if dataclasses.is_dataclass(inner):
            owner, kind = inner, fields_of(inner)[part]
        elif typing.get_origin(inner) is dict:
            kind = typing.get_args(inner)[1]
        else:
            break
    return owner
