"""Checks every recipe and every choice of every group, and keeps going at a fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness_forge.compose import files, project
from harness_forge.compose.engine import DEFAULT_RECIPE, Unset, compose
from harness_forge.errors import ConfigError, Faults
from harness_forge.schema import GROUPS


@dataclass(frozen=True)
class Report:
    """What a validation saw; a fault that several recipes share stands once."""

    recipes: int
    choices: int
    faults: list[ConfigError]


def validate() -> Report:
    """Check every file by itself, and that all of them compose."""
    recipes = project.recipes()
    pairs = [(group, choice) for group in GROUPS for choice in project.choices(group)]
    found = [] if recipes else [ConfigError(project.shown(project.recipes_folder()), "no recipes")]
    for name in recipes:
        found += files.recipe_faults(recipes[name])
        found += _composition_faults(name, [])
    for group, choice in pairs:
        own = list(files.group_faults(project.choices(group)[choice], group))
        # A file that is wrong by itself would only be wrong again when composed.
        found += own or _choice_faults(group, choice)
    return Report(len(recipes), len(pairs), list({str(fault): fault for fault in found}.values()))


def _choice_faults(group: str, choice: str) -> list[ConfigError]:
    recipes = project.recipes()
    if not recipes:
        return []
    recipe = DEFAULT_RECIPE if DEFAULT_RECIPE in recipes else next(iter(recipes))
    return [
        fault
        for fault in _composition_faults(recipe, [_as_override(group, choice)])
        # A choice may leave open what only its user can say, such as an address.
        if not isinstance(fault, Unset)
    ]


def _as_override(group: str, choice: str) -> str:
    # Worksets stand side by side under their own names: one more, under a name of its own.
    return f"+{group}@worksets.checked={choice}" if group == "workset" else f"{group}={choice}"


def _composition_faults(recipe: str, overrides: list[str]) -> Iterator[ConfigError]:
    try:
        compose(recipe, overrides)
    except Faults as faults:
        yield from faults.faults
    except ConfigError as fault:
        yield fault
