"""Composes a recipe: plain files without Hydra, anything else with it; translates its errors."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.config.compose import choices, files, plain, project
from harness_forge.config.compose.check import near
from harness_forge.config.compose.overrides import COMMAND_LINE, prepare, take_recipe
from harness_forge.config.compose.shapes import build, thaw
from harness_forge.config.compose.variables import check_variables
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError, Faults

DEFAULT_RECIPE = "target_a"


class MissingValue(ConfigError):
    """A key has no value yet, and only the user can say which."""


def compose(recipe: str | None = None, overrides: Sequence[str] = ()) -> ForgeConfig:
    """Return one recipe with overrides on top, every key checked.

    Args:
        recipe: name of a file in recipes/; None takes `recipe=NAME` from the
            overrides, else the default.
        overrides: as on a command line, `key=value`, later ones win.

    Raises:
        ConfigError: what is wrong, with file, line and key; Faults if there
            are several.
    """
    picked, others = take_recipe(overrides)
    name = recipe or picked or DEFAULT_RECIPE
    path = recipe_path(name)
    files.demand_base(path)
    prepared = prepare(others)
    # Hydra takes a second for what takes a tenth without it; it says of anything what it is.
    config = plain.composed(name, prepared)
    return config or replace(build(ForgeConfig, _run_hydra(path, prepared)), recipe=name)


def recipe_path(name: str) -> Path:
    """Return a recipe's file.

    Raises:
        ConfigError: there is no such recipe.
    """
    known = project.recipes()
    if name not in known:
        raise ConfigError("recipe", f"there is no {name!r}", near(name, known, "recipes"))
    return known[name]


def merged_files(path: Path, overrides: Sequence[str]) -> list[tuple[str, str]]:
    """Return the files of a composition that `compose` accepts, in the order of merging.

    Returns:
        of each its name below `recipes/` or `conf/`, such as `train/lora`, and where in the
        config its keys go; `files.SCHEMA` are the defaults of the settings.
    """
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    with _searching(path) as search:
        loader = GlobalHydra.instance().config_loader()
        found = loader.compute_defaults_list(path.stem, [search, *prepare(overrides)], RunMode.RUN)
    named = ((str(one.config_path), one.package or "") for one in found.defaults)
    return [(name, package) for name, package in named if name.split("/")[0] != "hydra"]


@contextmanager
def _searching(path: Path) -> Iterator[str]:
    """Let Hydra look where forge does; yields the override that says where that is."""
    from hydra import initialize_config_dir

    _store_schema()
    # The project's own come first: of two files with one name Hydra takes the first.
    folders = [*project.recipe_folders(), *project.group_folders()]
    search = ",".join(f"'file://{folder.resolve()}'" for folder in folders)
    folder = str(path.parent.resolve())
    with initialize_config_dir(folder, job_name="forge", version_base="1.3"):
        yield f"hydra.searchpath=[{search}]"


def _run_hydra(path: Path, overrides: list[str]) -> dict[str, Any]:
    from hydra import compose as hydra_compose
    from hydra.errors import HydraException
    from omegaconf import OmegaConf, SCMode
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        with _searching(path) as search, warnings.catch_warnings():
            # Without `_self_` a file comes after its defaults, which is what anybody means.
            warnings.filterwarnings("ignore", message=".*Defaults list is missing `_self_`")
            config = hydra_compose(path.stem, [search, *overrides])
            places = {g: project.choices(g).get(c) for g, c in _chosen(path, overrides)}
            check_variables(config, path, places)
            return OmegaConf.to_container(
                config, resolve=True, throw_on_missing=True, structured_config_mode=SCMode.DICT
            )
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:
        raise _translate_error(error, path, overrides) from error


@cache
def _store_schema() -> None:
    """Register the schema and the rows of a format; once per process, for it takes 0.1 s."""
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("rows", project.rows_of, replace=True)
    ConfigStore.instance().store(files.SCHEMA, thaw(ForgeConfig))


def _translate_error(error: Exception, path: Path, overrides: list[str]) -> ConfigError | Faults:
    """Return the error with file, line and key where the files show it, else Hydra's message."""
    faults = [fault for file in files.recipe_chain(path) for fault in files.recipe_faults(file)]
    for group, choice in _chosen(path, overrides):
        known = project.choices(group)
        if choice in known:
            faults += files.group_faults(known[choice], group)
    if faults:
        return faults[0] if len(faults) == 1 else Faults(faults)
    return _translated(error, path, _chosen(path, overrides))


def _chosen(path: Path, overrides: list[str]) -> list[tuple[str, str]]:
    """Return the (group, choice) pairs that a recipe and overrides name."""
    picked = _picked(path)
    picked |= {key: choice for key, _, choice in (text.partition("=") for text in overrides)}
    pairs = {(key.partition("@")[0], choice) for key, choice in picked.items()}
    # An export follows from role and format; look at what they come to.
    pairs.add(("export", project.rows_of(str(picked.get("role")), str(picked.get("format")))))
    return sorted(pair for pair in pairs if pair[0] in GROUPS)


def _picked(path: Path) -> dict[str, str]:
    """Return the choice of each group in a recipe, and in the recipes that it builds upon."""
    picked: dict[str, str] = {}
    for entry in files.defaults_of(path):
        if isinstance(entry, dict):
            picked |= {str(key).split()[-1]: str(choice) for key, choice in entry.items()}
        elif (base := project.recipes().get(str(entry))) and base != path:
            picked |= _picked(base)
    return picked


def _translated(error: Exception, path: Path, chosen: list[tuple[str, str]]) -> ConfigError:
    from hydra.errors import MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    where = project.shown(path)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        hint = choices.choice_hint(group, choice)
        if group == "export" and not choices.shape_of(choice):
            hint = f"role and format together name it; {hint}"
        return ConfigError(f"{where}: {group}", f"there is no {choice!r}", hint)
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    key = getattr(cause, "full_key", None) or ""
    files_by_group = {group: project.choices(group).get(choice) for group, choice in chosen}
    if file := files_by_group.get(key.partition(".")[0]):
        where = project.shown(file)
    return _said(cause, f"{where}: {key}" if key else where, key)


def _said(cause: Exception, where: str, key: str) -> ConfigError:
    """Return what an OmegaConf error means."""
    first = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    if "Missing mandatory value" in first:
        return MissingValue(
            where, "must be set", f"add {key}=… to the {COMMAND_LINE} or to the recipe"
        )
    if unset := re.search(r"Environment variable '(\w+)' not found", first):
        what = f"environment variable {unset[1]} is not set"
        return MissingValue(where, what, f"export it, or give {key}=…")
    if twice := re.match(r"Multiple values for ([\w@.]+)\. .*'(override .*)'", first):
        what = f"a recipe that it builds upon has chosen a {twice[1]} already"
        return ConfigError(f"{where}: defaults.{twice[1]}", what, f"write: - {twice[2]}")
    if "Could not override" in first:
        return ConfigError(COMMAND_LINE, first.rstrip("."), "put + before it to add it")
    return ConfigError(where, first)
