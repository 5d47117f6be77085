"""Checks one YAML file of recipes/ or conf/, and names file, line and key of each fault."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.config.compose import project, unquoted
from harness_forge.config.compose.check import faults_in, near
from harness_forge.config.compose.shapes import fields_of, unwrap
from harness_forge.config.format import EXTENSIONS, ROWS
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import closest, did_you_mean

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
        ConfigError: its `defaults:` are missing, or name no recipe, or one that builds upon it.
    """
    _demand_no_circle(path, [])
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


def read(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """Return what a file holds, and the line of each key.

    Raises:
        ConfigError: it cannot be read, is no YAML or holds no mapping.
    """
    import yaml
    from omegaconf.errors import KeyValidationError, OmegaConfBaseException

    where = project.shown(path)
    try:
        data, lines = _parsed(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        # A bracket that is open to the end of the file stands where it opened.
        flow = error.context_mark if "flow" in (error.context or "") else None
        mark = flow or error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"is not valid YAML: {error.problem}"
        raise ConfigError(f"{where}:{line}", what, _yaml_hint(what, path, line)) from error
    except KeyValidationError as error:
        fault = unquoted.null_fault(path, path.read_text(encoding="utf-8"))
        raise fault or ConfigError(where, str(error).splitlines()[0]) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(where, f"cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(data, dict):
        raise ConfigError(where, "must hold a mapping of keys")
    # The caller may take keys out.
    return dict(data), lines


def _yaml_hint(what: str, path: Path, line: int) -> str:
    if "duplicate key" in what:
        return "write it once, with all that belongs to it"
    if "']'" in what or "'}'" in what:
        return "a list in [ ] or a mapping in { } is not closed, or a comma between two is missing"
    lines = path.read_text(encoding="utf-8").splitlines()
    if "\t" in "".join(lines[line - 1 : line]):
        return "the line holds a tab: indent with spaces"
    return "a key is followed by a colon and a space; keys of one mapping are indented alike"


@cache
def _parsed(text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    from omegaconf import OmegaConf

    loader = _loader()(text)
    node = loader.get_single_node()
    lines = dict(_lines(node, ()))
    data = loader.construct_document(node) if node else {}
    # OmegaConf decides what may be a key and a value.
    return OmegaConf.to_container(OmegaConf.create(data), resolve=False), lines


@cache
def _loader() -> type:
    """Return OmegaConf's own loader of YAML, with libyaml's parser where there is one."""
    import yaml
    from omegaconf import _utils

    own = _utils.get_yaml_loader()
    if not yaml.__with_libyaml__:
        return own

    class Loader(yaml.cyaml.CParser, own):
        def __init__(self, text: str) -> None:
            yaml.cyaml.CParser.__init__(self, text)
            yaml.constructor.SafeConstructor.__init__(self)
            yaml.resolver.Resolver.__init__(self)

    return Loader


def _lines(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            here = (*path, str(number))
            yield here, value.start_mark.line + 1
            yield from _lines(value, here)


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
    for number, entry in enumerate(defaults):
        if isinstance(entry, dict):
            line = lines.get(("defaults", str(number)), 1)
            for key, choice in entry.items():
                yield from _entry_faults(f"{project.shown(path)}:{line}", str(key), choice)


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


def choice_faults(where: str, group: str, choice: Any) -> Iterator[ConfigError]:
    """Yield a fault if a group has no such file."""
    known = project.choices(group)
    if not (isinstance(choice, str) and "${" in choice) and str(choice) not in known:
        hint = choice_hint(group, str(choice))
        yield ConfigError(f"{where}: {group}", f"there is no {str(choice)!r}", hint)


def choice_hint(group: str, choice: str) -> str:
    """Return what was probably meant by a choice that a group does not have."""
    if group == "export" and (shape := shape_of(choice)):
        role = choice.removesuffix(f"_{shape}")
        return (
            f"rows and the shape of a line are two choices: role={role} format={shape};"
            " in a recipe, export: ${rows:${role},${format}}"
        )
    known = project.choices(group)
    if not did_you_mean(choice, known) and (key := _key_with(group, choice)):
        return f"did you mean '{key}'? known choices: {', '.join(known)}"
    return near(choice, known, "choices")


def _key_with(group: str, word: str) -> str:
    """Return the key of a group with the closed value that a word was probably meant to be."""
    meant = {value: f"{key}={value}" for key, values in _closed(GROUPS[group]) for value in values}
    meant |= {value: f"extension={value}" for value in EXTENSIONS} if group == "format" else {}
    close = closest(word, meant)
    return f"{group}.{meant[close]}" if close else ""


def _closed(kind: type) -> Iterator[tuple[str, list[str]]]:
    """Yield each key of a group with a closed set of values, and that set."""
    for key, hint in fields_of(kind).items():
        inner, _ = unwrap(hint)
        if isinstance(inner, type) and issubclass(inner, Enum):
            yield key, list(inner.__members__)


def shape_of(choice: str) -> str | None:
    """Return the format in the name of an export that a recipe before formats had rows knew."""
    roles = project.choices("role")
    shapes = (name for name, rows in ROWS.items() if name != rows)
    return next((s for s in shapes if choice.removesuffix(f"_{s}") in roles), None)


def known_keys() -> list[str]:
    """Return every dotted key that a recipe may set, except under mappings of names."""
    return list(_dotted(ForgeConfig, ""))


def _dotted(kind: Any, prefix: str) -> Iterator[str]:
    import dataclasses

    for name, hint in fields_of(kind).items():
        yield prefix + name
        if dataclasses.is_dataclass(hint):
            yield from _dotted(hint, f"{prefix}{name}.")
