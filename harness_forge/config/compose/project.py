"""Finds recipes and config groups, the project's own and those shipped with forge.

Files of the current project add to those shipped with forge; of two with the same name
the project's is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.config.format import ROWS

if TYPE_CHECKING:
    from harness_forge.config.workset import WorksetConfig

State = tuple[tuple, ...]
"""Of each folder its path, and of each file in it name, time of change, size and number."""

_PACKAGE = Path(__file__).resolve().parents[2]


def _folders(name: str, mark: str) -> list[Path]:
    """Return the project's own folder, if any, and the shipped one."""
    own = Path.cwd() / name
    # What the wheel ships; an editable checkout.
    places = (_PACKAGE / f"_{name}", _PACKAGE.parent / name)
    shipped = [place for place in places if next(place.glob(mark), None)][:1]
    if not next(own.glob(mark), None) or own.resolve() in shipped:
        return shipped
    return [own, *shipped]


def shipped_file(name: str) -> Path:
    """Return a file of a project that comes with forge: dvc.yaml, .dvcignore, .dvc/config."""
    packed = _PACKAGE / "_project" / name.lstrip(".").replace("/", "-")
    return packed if packed.is_file() else _PACKAGE.parent / name


def is_source_tree(folder: Path) -> bool:
    """Return whether a folder is the source that forge runs from."""
    return folder.resolve() == source_tree()


def source_tree() -> Path | None:
    """Return the source that forge runs from; None where it is installed as a package."""
    return _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").is_file() else None


def recipe_folders() -> list[Path]:
    """Return the folders of recipes, the project's own first."""
    return _folders("recipes", "*.yaml")


def group_folders() -> list[Path]:
    """Return the folders of groups, the project's own first."""
    return _folders("conf", "*/*")


def group_file(name: str) -> Path | None:
    """Return a file of conf/ by its path there, the project's own before the shipped one."""
    places = (folder / name for folder in group_folders())
    return next((place for place in places if place.is_file()), None)


def locks_folder(workset: WorksetConfig) -> Path:
    """Return the folder of a workset's lock files; the project's own if there are none yet."""
    folders = [folder / "workset" / "locks" for folder in group_folders()]
    names = [f"{variant.lock}.txt" for variant in workset.variants.values()]
    held = (folder for folder in folders if any((folder / name).is_file() for name in names))
    return next(held, folders[0])


def recipes() -> dict[str, Path]:
    """Return the files of all recipes by name."""
    return _by_name(recipe_folders())


def choices(group: str) -> dict[str, Path]:
    """Return the files of a group of conf/ by name, less those that only others build upon."""
    return {name: path for name, path in parts(group).items() if not name.startswith("_")}


def skill_words(name: str) -> str:
    """Return how a command line names a skill of the store.

    One that holds records need not have a file of its own in conf/skill.
    """
    return f"skill={name}" if name in choices("skill") else f"skill=recorded skill.name={name}"


def parts(group: str) -> dict[str, Path]:
    """Return every file of a group, those too that only others build upon (`_NAME`)."""
    return _by_name([folder / group for folder in group_folders()])


def rows_of(role: str, shape: str) -> str:
    """Return the export with a role's rows for a format.

    Lines of several shapes have the same rows. A file of your own for one shape comes first.
    """
    own = f"{role}_{shape}"
    return own if own in choices("export") else f"{role}_{ROWS.get(shape, shape)}"


def state() -> State:
    """Return where recipes and groups lie, and how each of their files is; changes with them."""
    folders = [*recipe_folders(), *(sub for top in group_folders() for sub in _subfolders(top))]
    return tuple((str(folder), *_files_in(folder)) for folder in folders)


def _subfolders(top: Path) -> Iterator[Path]:
    with os.scandir(top) as entries:
        yield from sorted(Path(one.path) for one in entries if one.is_dir())


def _files_in(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    with os.scandir(folder) as entries:
        for one in sorted(entries, key=lambda one: one.name):
            if one.name.endswith(".yaml") and one.is_file():
                about = one.stat()
                yield one.name, about.st_mtime_ns, about.st_size, about.st_ino


def _by_name(folders: list[Path]) -> dict[str, Path]:
    # The first folder is written last: its files win.
    found = {path.stem: path for folder in folders[::-1] for path in folder.glob("*.yaml")}
    return dict(sorted(found.items()))


def shown(path: Path) -> str:
    """Return `path` relative to the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
