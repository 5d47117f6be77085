"""Checks every recipe and every choice of every group, and keeps going at a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness_forge.config.compose import project
from harness_forge.config.compose.engine import DEFAULT_RECIPE, MissingValue, compose
from harness_forge.config.compose.plain import PlainComposer
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError, Faults, PromoteError
from harness_forge.promotion.rules.rule import check_written


@dataclass(frozen=True)
class ValidationReport:
    """The result of a validation; a fault that several recipes share is listed once."""

    recipes: int
    choices: int
    faults: list[ConfigError]


def validate() -> ValidationReport:
    """Check every file by itself, and that all of them compose."""
    recipes = project.recipes()
    pairs = [(group, choice) for group in GROUPS for choice in project.choices(group)]
    found = [] if recipes else [ConfigError("recipes", "no recipes")]
    plain = PlainComposer()
    composed = {name: list(_recipe_faults(plain, name)) for name in recipes}
    for name in recipes:
        found += plain.recipe_faults(name) + composed[name]
    for pair in pairs:
        found += plain.group_faults(*pair)
    # A file that is wrong by itself would only be wrong again when composed.
    sound = [pair for pair in pairs if not plain.group_faults(*pair)]
    if recipes:
        found += _choices_faults(plain, sound, composed)
    return ValidationReport(
        len(recipes), len(pairs), list({str(fault): fault for fault in found}.values())
    )


def _recipe_faults(plain: PlainComposer, recipe: str) -> Iterator[ConfigError]:
    if _is_sound(plain.compose(recipe, {})):
        return
    # Composing what is wrong by itself takes a second, and only says the same again.
    own = plain.faults_of_files(recipe)
    yield from own or _composition_faults(recipe, [])


def _choices_faults(
    plain: PlainComposer, pairs: list[tuple[str, str]], composed: Mapping[str, list[ConfigError]]
) -> Iterator[ConfigError]:
    """Yield the faults of choices that are valid by themselves, each put into a recipe.

    That is a valid recipe; if there is none, the default one, without its own
    faults, which are reported already.

    Args:
        composed: the faults of each recipe.
    """
    recipe = DEFAULT_RECIPE if DEFAULT_RECIPE in composed else next(iter(composed))
    recipe = next((name for name in (recipe, *composed) if not composed[name]), recipe)
    own = {str(fault) for fault in composed[recipe]}
    taken = plain.choices(recipe)
    # With a file at fault beside it a choice shows no fault of its own.
    broken = {group for group in GROUPS if own and plain.is_broken(recipe, group)}
    for group, choice in pairs:
        if group in broken:
            continue
        put = _put(group, choice, taken)
        if _is_sound(plain.compose(recipe, put, leave_open=True)):
            continue
        for fault in _composition_faults(recipe, [f"{key}={name}" for key, name in put.items()]):
            # A choice may leave open what only its user can say, such as an address.
            if not isinstance(fault, MissingValue) and str(fault) not in own:
                yield fault


def _put(group: str, choice: str, taken: Mapping[str, str]) -> dict[str, str]:
    if group == "workset":
        # Worksets are side by side under their own names: add one with another name.
        return {f"+{group}@worksets.checked": choice}
    # Role and format together name an export: one need not be there for each pair of them.
    fixed = {"export": taken["export"]} if group in ("role", "format") and "export" in taken else {}
    return {group: choice, **fixed}


def _is_sound(config: ForgeConfig | None) -> bool:
    """Say whether a config is there, and its rule has no fault that its types do not show."""
    try:
        return config is not None and check_written(config.promote) is None
    except PromoteError:
        return False


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
