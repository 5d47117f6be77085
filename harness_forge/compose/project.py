"""Where recipes and groups lie, and what is there."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _folder(name: str, mark: str) -> Path:
    # The project that the user stands in; what the wheel ships; an editable checkout.
    places = (Path.cwd() / name, _PACKAGE / f"_{name}", _PACKAGE.parent / name)
    return next((place for place in places if next(place.glob(mark), None)), places[0])


def recipes_folder() -> Path:
    """Return the folder of recipes: the current project's, else the shipped one."""
    return _folder("recipes", "*.yaml")


def groups_folder() -> Path:
    """Return the folder of groups: the current project's, else the shipped one."""
    return _folder("conf", "skill/*.yaml")


def locks_folder() -> Path:
    """Return the folder of the worksets' lock files."""
    return groups_folder() / "workset" / "locks"


def recipes() -> dict[str, Path]:
    """Return every recipe by name."""
    return {path.stem: path for path in sorted(recipes_folder().glob("*.yaml"))}


def choices(group: str) -> dict[str, Path]:
    """Return every file of a group of conf/ by name."""
    return {path.stem: path for path in sorted((groups_folder() / group).glob("*.yaml"))}


def shown(path: Path) -> str:
    """Return `path` as a user would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
