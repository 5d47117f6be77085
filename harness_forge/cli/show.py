"""`forge show`: a composed recipe, and where each of its values comes from."""

from __future__ import annotations

import json
import os
from itertools import groupby
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness_forge.config.compose.origins import ComposedValue, ValueOrigin

SUMMARY = "show a composed recipe, and the file and line that each value comes from"
USAGE = "[RECIPE] [KEY …] [--all] [key=value …]"
EXAMPLES = (
    "forge show",
    "forge show target_a",
    "forge show target_a train filters.length",
    "forge show target_a --all train.rank=32",
)
KEYS = ()
JSON = "an object: recipe, file, values: objects with key, value, source, file, line, written"

ALL = "--all"
"""Flag: values too that nothing but their settings class sets."""
FORGE = "forge"
_CUT = 48


def main(argv: list[str]) -> int:
    """Show a recipe; without its name, what `dvc repro` would take: that of params.yaml."""
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.config.compose import origins, project
    from harness_forge.config.compose.engine import recipe_path
    from harness_forge.config.compose.overrides import take_recipe

    words, flags, overrides = sort(argv, (ALL,))
    named, overrides = take_recipe(overrides)
    if words and words[0] in project.recipes() and named is None:
        named = words.pop(0)
    recipe, given = _of_project() if named is None else (named, [])
    given = [*given, *((text, origins.ON_COMMAND_LINE) for text in overrides)]
    found = [_masked(one) for one in origins.values(recipe, given)]
    chosen = [one for one in found if not words or _is_below(one.key, words)]
    _check(words, found)
    file = project.shown(recipe_path(recipe))
    hidden = 0 if ALL in flags or words else sum(map(_is_default, chosen))
    shown = [one for one in chosen if not (hidden and _is_default(one))]
    facts = [{"key": one.key, "value": one.value, **vars(one.origin)} for one in chosen]
    report({"recipe": recipe, "file": file, "values": facts}, render(recipe, file, shown, hidden))
    return 0


def render(recipe: str, file: str, found: Sequence[ComposedValue], hidden: int) -> str:
    """Return a line a value: key, value, origin; sections apart."""
    from harness_forge.cli.columns import columns
    from harness_forge.cli.terminal import painted

    parts = [f"{painted(f'{recipe}:', 'head')} {file}"]
    short = _shipped()
    if any(folder.startswith("/") for folder in short):
        parts[0] += f"\n{FORGE}: {os.path.commonpath(short)}"
    for _, block in groupby(found, key=lambda one: one.key.split(".")[0]):
        rows = [(_cut(one.key), _text(one.value), _placed(one.origin, short)) for one in block]
        lines = (
            line.removesuffix(place) + painted(place, "aside") if line.endswith(place) else line
            for line, (*_, place) in zip(columns(rows), rows, strict=True)
        )
        parts.append("\n".join(lines))
    if hidden:
        parts.append(f"{hidden} more have the default of their settings: forge show {recipe} {ALL}")
    return "\n\n".join(parts)


def _shipped() -> dict[str, str]:
    """Return the folders that come with forge, and how they are called in the table."""
    from harness_forge.config.compose import project

    folders = {project.recipe_folders()[-1]: "recipes", project.group_folders()[-1]: "conf"}
    return {f"{project.shown(folder)}": f"{FORGE}:{name}" for folder, name in folders.items()}


def _placed(origin: ValueOrigin, short: dict[str, str]) -> str:
    text = str(origin)
    for folder, name in short.items():
        if folder.startswith("/") and text.startswith(f"{folder}/"):
            return name + text.removeprefix(folder)
    return text


def _of_project() -> tuple[str, list[tuple[str, ValueOrigin]]]:
    """Return recipe and overrides of params.yaml; the default recipe where there is none."""
    from harness_forge.cli.params import PARAMS, found
    from harness_forge.config.compose.engine import DEFAULT_RECIPE
    from harness_forge.config.compose.origins import ValueOrigin

    if not (params := found()):
        return DEFAULT_RECIPE, []
    return params.recipe, [
        (text, ValueOrigin("params", str(PARAMS), line))
        for text, line in zip(params.overrides, params.lines, strict=True)
    ]


def _check(words: Sequence[str], found: Sequence[ComposedValue]) -> None:
    """Refuse a word that is no recipe and no key."""
    from harness_forge.config.compose import project
    from harness_forge.core.hints import did_you_mean

    for word in words:
        if not any(_is_below(one.key, [word]) for one in found):
            known = {one.key for one in found} | {one.key.split(".")[0] for one in found}
            meant = did_you_mean(word, [*project.recipes(), *known])
            what = f"there is no recipe or key '{word}'"
            raise ConfigError("command line", what, f"{meant}forge show {USAGE}")


def _is_below(key: str, words: Sequence[str]) -> bool:
    return any(key == word or key.startswith(f"{word}.") for word in words)


def _is_default(one: ComposedValue) -> bool:
    from harness_forge.config.compose.origins import DEFAULT

    return one.origin.source == DEFAULT


def _masked(one: ComposedValue) -> ComposedValue:
    """Return a value without the password that a store's address may hold."""
    from dataclasses import replace

    from harness_forge.store.address import mask

    return replace(one, value=mask(one.value)) if one.key == "store.url" and one.value else one


def _text(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return _cut(" ".join(text.split()))


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[: _CUT - 1]}…"
