"""Checks one YAML file of recipes/ or conf/, and names file, line and key of each fault."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.config.compose import project, unquoted
from harness_forge.config.compose.check import faults_in, near
from harness_forge.config.compose.choices import choice_faults
from harness_forge.config.compose.yaml_lines import read
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError

SCHEMA = "schema"
"""Name under which a recipe asks for the shape that its keys are checked against."""


_BEFORE = ("override", "optional")
"""Words that Hydra knows before a group in a list of defaults."""


def recipe_faults(path: Path) -> Iterator[ConfigError]:
    """Yield the faults of a recipe file."""
    yield from opening_faults(path)
    yield from key_faults(path)


def key_faults(path: Path) -> Iterator[ConfigError]:
    """Yield the faults of a recipe file that stand in its keys."""
    data, lines = yield from _faults_or_data(path)
    if data is None:
        return
    defaults = data.pop("defaults", None) or []
    yield from _base_faults(path, defaults, lines)
    yield from _default_faults(path, defaults, lines)
    yield from _keys_and_values(path, ForgeConfig, (), data, lines)


def _keys_and_values(
    path: Path, kind: type, key: tuple[str, ...], data: dict[str, Any], lines: dict
) -> Iterator[ConfigError]:
    """Yield the faults of a file's keys, and where all are texts, of its values."""
    found = list(unquoted.key_faults(path, kind, key))
    yield from found
    if not found:
        yield from faults_in(data, kind, key, _placer(path, lines, len(key)))


def _base_faults(path: Path, defaults: Any, lines: dict) -> Iterator[ConfigError]:
    """Yield a fault if a recipe has no base, or a base that does not exist."""
    if not isinstance(defaults, list):
        return  # _default_faults says so
    where = f"{project.shown(path)}:{lines.get(('defaults',), 1)}: defaults"
    known = project.recipes()
    bases = _names(defaults) - {SCHEMA, "_self_"}
    for name in sorted(bases - known.keys()):
        yield ConfigError(where, f"there is no recipe {name!r}", near(name, known, "recipes"))
    if SCHEMA not in defaults and not bases:
        what = "name no recipe to build upon" if defaults else "are missing"
        hint = "put `defaults: [target_a, _self_]` above its keys, or another of `forge ls recipe`"
        yield ConfigError(where, what, hint)


def demand_base(path: Path) -> None:
    """Refuse a recipe that builds upon nothing: its keys would have no meaning, others no value.

    Raises:
        ConfigError: its `defaults:` are missing, or name no recipe, or one that builds upon it,
            or let others replace its own keys.
    """
    _demand_no_circle(path, [])
    for file in recipe_chain(path):
        if "_self_" in (found := defaults_of(file))[:-1]:
            raise next(_order_faults(file, found, read(file)[1]))
    if _names(defaults_of(path)) - {"_self_"}:
        return
    try:
        data, lines = read(path)
    except ConfigError:
        return  # composing it says so
    for fault in _base_faults(path, data.get("defaults") or [], lines):
        raise fault


def _demand_no_circle(path: Path, above: list[Path]) -> None:
    if path in above:
        names = " upon ".join(file.stem for file in [*above[above.index(path) :], path])
        hint = "name another recipe in the `defaults:` of one of them"
        raise ConfigError(f"{project.shown(path)}: defaults", f"build {names}", hint)
    known = project.recipes()
    for name in sorted(_names(defaults_of(path)) & known.keys()):
        _demand_no_circle(known[name], [*above, path])


def recipe_chain(path: Path) -> list[Path]:
    """Return the files of a recipe and of the recipes that it builds upon."""
    chain, known = [path], project.recipes()
    for file in chain:
        bases = [known[name] for name in sorted(_names(defaults_of(file))) if name in known]
        chain += [base for base in bases if base not in chain]
    return chain


def defaults_of(path: Path) -> list[Any]:
    """Return a recipe's list of defaults; empty where it cannot be read."""
    import yaml

    try:
        return _defaults_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError):
        return []


@cache
def _defaults_in(text: str) -> list[Any]:
    import yaml

    found = yaml.safe_load(text).get("defaults")
    return found if isinstance(found, list) else []


def _names(defaults: Any) -> set[str]:
    """Return the entries of a list of defaults that are plain names."""
    return {entry for entry in defaults if isinstance(entry, str)} if defaults else set()


def group_faults(path: Path, group: str) -> Iterator[ConfigError]:
    """Yield the faults of one file of a group."""
    data, lines = yield from _faults_or_data(path)
    if data is None:
        return
    yield from _default_faults(path, data.pop("defaults", None) or [], lines)
    # Keys are named as the recipe sees them: under the group's name.
    yield from _keys_and_values(path, GROUPS[group], (group,), data, lines)


def opening_faults(path: Path) -> Iterator[ConfigError]:
    """Yield a fault if a recipe does not open with its purpose, needs and command."""
    try:
        opening = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # reported by _faults_or_data
    comment = opening.split("defaults:")[0]
    commands = ("Command", "forge ", "dvc ")
    if not (
        comment.startswith("#") and "Needs" in comment and any(one in comment for one in commands)
    ):
        yield ConfigError(
            f"{project.shown(path)}:1",
            "a recipe opens with a comment: purpose, needs, command",
            "such as `# Needs: the base model.` and `# Command: dvc repro` above its defaults",
        )


def _faults_or_data(path: Path):
    """Return the data and the line of each key; (None, {}) after yielding a fault."""
    try:
        return read(path)
    except ConfigError as fault:
        yield fault
        return None, {}


def _placer(path: Path, lines: dict[tuple[str, ...], int], skip: int):
    def place(key: tuple[str, ...]) -> str:
        own = key[skip:]
        while own and own not in lines:
            own = own[:-1]
        return f"{project.shown(path)}:{lines.get(own, 1)}"

    return place


def _default_faults(path: Path, defaults: Any, lines: dict) -> Iterator[ConfigError]:
    if not isinstance(defaults, list):
        where = f"{project.shown(path)}:{lines.get(('defaults',), 1)}: defaults"
        yield ConfigError(where, "must be a list", "such as `defaults: [target_a, _self_]`")
        return
    yield from _order_faults(path, defaults, lines)
    for number, entry in enumerate(defaults):
        line = lines.get(("defaults", str(number)), 1)
        if isinstance(entry, dict):
            for key, choice in entry.items():
                yield from _entry_faults(f"{project.shown(path)}:{line}", str(key), choice)


def _order_faults(path: Path, defaults: list[Any], lines: dict) -> Iterator[ConfigError]:
    """Yield a fault if `_self_` is not last: what comes after it replaces the file's keys."""
    if "_self_" in defaults[:-1]:
        line = lines.get(("defaults", str(defaults.index("_self_"))), 1)
        what = "`_self_` stands before others, whose keys would replace those of this file"
        where = f"{project.shown(path)}:{line}: defaults"
        yield ConfigError(where, what, "put `_self_` last, or leave it out")


def _entry_faults(where: str, key: str, choice: Any) -> Iterator[ConfigError]:
    *before, last = key.split()
    group = last.partition("@")[0]
    for word in before:
        if word not in _BEFORE:
            hint = f"write: - override {last}: {choice}"
            yield ConfigError(f"{where}: defaults.{key}", f"unknown word {word!r}", hint)
            return
    if group not in GROUPS:
        yield ConfigError(
            f"{where}: defaults.{group}", "unknown group", near(group, GROUPS, "groups")
        )
    else:
        yield from choice_faults(where, group, choice)
