"""Checks every recipe and every choice of every group, and keeps going at a fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from harness_forge.config.compose import files, project
from harness_forge.config.compose.engine import DEFAULT_RECIPE, Unset, compose
from harness_forge.config.schema import GROUPS
from harness_forge.core.errors import ConfigError, Faults, PromoteError
from harness_forge.promotion.rules.rule import check_written


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
    found = [] if recipes else [ConfigError("recipes", "no recipes")]
    for name in recipes:
        found += files.recipe_faults(recipes[name])
        found += _composition_faults(name, [])
    sound = []
    for group, choice in pairs:
        own = list(files.group_faults(project.choices(group)[choice], group))
        found += own
        # A file that is wrong by itself would only be wrong again when composed.
        if not own:
            sound.append((group, choice))
    found += _choices_faults(sound)
    return Report(len(recipes), len(pairs), list({str(fault): fault for fault in found}.values()))


def _choices_faults(pairs: list[tuple[str, str]]) -> list[ConfigError]:
    """Compose one choice of every group at a time; those of a round that fails, one by one.

    They are composed into a recipe that is sound; where none is, into the
    default one, whose own faults are told already.
    """
    recipes = project.recipes()
    if not recipes:
        return []
    recipe = DEFAULT_RECIPE if DEFAULT_RECIPE in recipes else next(iter(recipes))
    sound = (name for name in (recipe, *recipes) if not any(_composition_faults(name, [])))
    recipe = next(sound, recipe)
    own = {str(fault) for fault in _composition_faults(recipe, [])}
    groups: dict[str, list[str]] = {}
    for group, choice in pairs:
        groups.setdefault(group, []).append(choice)
    found: list[ConfigError] = []
    for together in zip_longest(*([(g, c) for c in some] for g, some in groups.items())):
        chosen = [pair for pair in together if pair]
        if any(_composition_faults(recipe, [_as_override(*pair) for pair in chosen])):
            found += [fault for pair in chosen for fault in _choice_faults(recipe, *pair)]
    return [fault for fault in found if str(fault) not in own]


def _choice_faults(recipe: str, group: str, choice: str) -> list[ConfigError]:
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
        # Conditions inside a group have no type of their own: the rule itself reads them.
        check_written(compose(recipe, overrides).promote)
    except PromoteError as fault:
        yield ConfigError(fault.where, fault.what, fault.hint)
    except Faults as faults:
        yield from faults.faults
    except ConfigError as fault:
        yield fault
