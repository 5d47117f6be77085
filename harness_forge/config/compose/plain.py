"""Composes plain recipes without Hydra: each file read once, merged as dictionaries.

Hydra takes half a second for a composition, which every command waits for, and a validation
makes over a hundred. What comes of it here is what Hydra would make of the same files and
overrides; of anything unusual or wrong nothing comes, and Hydra has to say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness_forge.config.compose import files, project, yaml_lines
from harness_forge.config.compose.plain_overrides import Values, sorted_out
from harness_forge.config.compose.plain_values import NotPlain, defaults, merged, resolved
from harness_forge.config.compose.shapes import build
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError

Layer = tuple[str, dict[str, Any]]
"""Where in the config the keys of a file go, and the keys."""

_CHOICE = re.compile(r"\$\{(\w+)\}")
_ROWS = re.compile(r"\$\{rows:([^,$]+),([^}$]+)\}")
_ELSEWHERE = "@_global_."


def composed(recipe: str, overrides: Sequence[str]) -> ForgeConfig | None:
    """Return a recipe with overrides on top; None where only Hydra can tell.

    Args:
        overrides: in Hydra's syntax, as `overrides.prepare` returns them.
    """
    try:
        choices, values = sorted_out(overrides)
    except NotPlain:
        return None
    return _composer(project.state()).compose(recipe, choices, values)


@lru_cache(maxsize=2)
def _composer(state: project.State) -> PlainComposer:
    """Return a composer that has read what it was asked for since files are as they are."""
    return PlainComposer()


class PlainComposer:
    """The recipes and groups as they lie on disk when it is made."""

    def __init__(self) -> None:
        self._recipes = project.recipes()
        self._groups = {group: project.parts(group) for group in GROUPS}
        self._held: dict[Path, tuple[list[Any], dict[str, Any]]] = {}
        self._faults: dict[Path, list[ConfigError]] = {}

    def recipe_faults(self, name: str) -> list[ConfigError]:
        """Return the faults that a recipe has by itself."""
        path = self._recipes[name]
        return [*files.opening_faults(path), *self._key_faults(path)]

    def _key_faults(self, path: Path) -> list[ConfigError]:
        if path not in self._faults:
            self._faults[path] = list(files.key_faults(path))
        return self._faults[path]

    def group_faults(self, group: str, choice: str) -> list[ConfigError]:
        """Return the faults that a file of a group has by itself."""
        path = self._groups[group][choice]
        if path not in self._faults:
            self._faults[path] = list(files.group_faults(path, group))
        return self._faults[path]

    def is_broken(self, recipe: str, beside: str) -> bool:
        """Say whether files are at fault that a recipe takes whatever it takes of one group."""
        return bool(self.faults_of_files(recipe, beside))

    def faults_of_files(self, recipe: str, beside: str = "") -> list[ConfigError]:
        """Return the faults of the files that a recipe takes.

        Args:
            beside: a group that is left out; '' leaves out none.
        """
        chain = files.recipe_chain(self._recipes[recipe])
        found = [fault for path in chain for fault in self._key_faults(path)]
        taken = ((key.partition("@")[0], name) for key, name in self.choices(recipe).items())
        for group, name in taken:
            if group != beside and name in self._groups.get(group, ()):
                found += self.group_faults(group, name)
        return found

    def choices(self, recipe: str) -> dict[str, str]:
        """Return what a recipe takes of each group; {} where only Hydra can tell."""
        try:
            return dict(_keyed(self._flat(recipe, {})))
        except (NotPlain, RecursionError):
            return {}

    def compose(
        self,
        recipe: str,
        choices: Mapping[str, str],
        values: Values = (),
        *,
        leave_open: bool = False,
    ) -> ForgeConfig | None:
        """Return a recipe with other choices of its groups; None where only Hydra can tell.

        Args:
            choices: group to name of a file; `+workset@worksets.NAME` puts one beside the others.
            values: of keys, on top of all files.
            leave_open: let values pass that only the user can give.
        """
        try:
            config: Any = defaults(ForgeConfig)
            for package, keys in self._layers(recipe, choices):
                config = merged(config, _below(package.split(".") if package else [], keys))
            for path, value in values:
                config = merged(config, _below(path, value))
            config = {**resolved(config, leave_open), "recipe": recipe}
            return build(ForgeConfig, config)
        except (NotPlain, ConfigError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _layers(self, recipe: str, choices: Mapping[str, str]) -> Iterator[Layer]:
        beside = {key[1:]: name for key, name in choices.items() if key[0] == "+"}
        picks = {key: name for key, name in choices.items() if key[0] != "+"}
        flat = self._flat(recipe, picks)
        if beside.keys() & dict(_keyed(flat)).keys():
            raise NotPlain  # there is one already
        for key, name in [*flat, *beside.items()]:
            if not key:
                path = self._recipes[name]
                yield "", self._read(path, self._key_faults(path))[1]
            else:
                group, _, package = key.partition("@")
                yield from self._group_layers(group, name, package or group)

    def _flat(self, recipe: str, picks: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return (group, choice) in the order of merging; ('', recipe) for a recipe's own keys."""
        open_picks = dict(picks)
        flat = list(self._entries(recipe, open_picks))
        known = dict(_keyed(flat))
        if len(known) < len(_keyed(flat)) or open_picks.keys() - known.keys():
            raise NotPlain  # named twice, or of a group that is not there
        return [(key, _named(name, known)) for key, name in flat]

    def _entries(self, recipe: str, picks: dict[str, str]) -> Iterator[tuple[str, str]]:
        path = self._recipes[recipe]
        entries = self._read(path, self._key_faults(path))[0]
        base, *others = entries or [None]
        over, own = _pairs(others)
        picks |= {key: name for key, name in over.items() if key not in picks}
        if base != files.SCHEMA:
            below = list(self._below(base, path, picks))
            if over.keys() - dict(_keyed(below)).keys():
                raise NotPlain
            yield from below
        elif over:
            raise NotPlain
        yield from ((key, picks.get(key, name) if key else recipe) for key, name in own)

    def _below(self, name: Any, path: Path, picks: dict[str, str]) -> Iterator[tuple[str, str]]:
        if name not in self._recipes:
            raise NotPlain
        # A recipe beside this one would be taken before one of the same name elsewhere.
        if self._recipes[name].parent != path.parent and path.with_stem(name).exists():
            raise NotPlain
        return self._entries(name, picks)

    def _group_layers(self, group: str, choice: str, package: str) -> Iterator[Layer]:
        if choice not in self._groups.get(group, ()):
            raise NotPlain
        path = self._groups[group][choice]
        entries, keys = self._read(path, self.group_faults(group, choice))
        if entries[-1:] == ["_self_"]:  # where a file's own keys stand anyway
            entries = entries[:-1]
        for entry in entries:
            if not isinstance(entry, str) or entry == "_self_":
                raise NotPlain
            name, elsewhere, other = entry.partition(_ELSEWHERE)
            yield from self._group_layers(group, name, other if elsewhere else package)
        yield package, keys

    def _read(self, path: Path, faults: list[ConfigError]) -> tuple[list[Any], dict[str, Any]]:
        """Return a file's list of defaults and its other keys."""
        if faults:
            raise NotPlain
        if path not in self._held:
            if "@package" in path.read_text(encoding="utf-8"):
                raise NotPlain
            keys, _ = yaml_lines.read(path)
            entries = keys.pop("defaults", None) or []
            self._held[path] = (entries, keys)
        return self._held[path]


def _below(path: Sequence[str], value: Any) -> Any:
    """Return a value as the mapping that has it at a path."""
    for part in reversed(path):
        value = {part: value}
    return value


def _named(name: str, known: Mapping[str, str]) -> str:
    """Return a choice, those of other groups put in where it refers to them."""
    plain = _CHOICE.sub(lambda at: known.get(at[1], "?"), name)
    return _ROWS.sub(lambda at: project.rows_of(at[1], at[2]), plain)


def _keyed(flat: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(key, name) for key, name in flat if key]


def _pairs(entries: list[Any]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return (group, choice) of a list of defaults: those that override, and its own in order."""
    over: dict[str, str] = {}
    own: list[tuple[str, str]] = []
    for entry in entries:
        if entry == "_self_":
            own.append(("", ""))
            continue
        if not isinstance(entry, dict) or len(entry) != 1:
            raise NotPlain
        ((words, name),) = entry.items()
        *keyword, key = str(words).split()
        if not isinstance(name, str) or keyword not in ([], ["override"]) or key in over:
            raise NotPlain
        if keyword:
            over[key] = name
        elif over:
            raise NotPlain  # what overrides has to stand last
        else:
            own.append((key, name))
    if own.count(("", "")) != 1:
        raise NotPlain
    return over, own
